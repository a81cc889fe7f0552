import type { Adapter, AdapterKind } from '../../adapters/adapter';
import type { AdapterConfig } from '../../adapters/config/adapter_config';
import { adapterModelBytes } from '../../adapters/files/write_adapter';
import { overlayOf } from '../../adapters/layers/overlay';
import { parameterShapes } from '../../adapters/pool/pool_layout';
import type { Shape } from '../../core/numbers/shape';
import type { Estimate, GpuBytes } from '../../core/types/estimate';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { SizingRunner } from '../../gpu/memory/sizing_runner';
import { pinned, type Value, viewOf } from '../../graph/value';
import { fileShape } from '../../models/architecture';
import { baseTensor, type LoadedModel } from '../../models/loaded_model';
import { compares } from '../../tasks/task/run_task';
import type { BatchShape } from '../../tasks/task/task_batches';
import { taskOfRun } from '../../tasks/task_of_run';
import { createTask } from '../../tasks/task_registry';
import { LanePrograms } from '../../train/lanes/lane_programs';
import { reserveReference } from '../../train/reference_pass';
import { PIECE } from '../../train/saving/pools';
import { createOptimizerState, type OptimizerState } from '../../train/steps/optimizer';
import { StepPrograms } from '../../train/steps/step_programs';
import { samplesOf } from '../models/base_identity';

/** The adapters of a run. */
type Adapters = readonly [Adapter, ...Adapter[]];

interface PlannedRun {
  readonly loaded: LoadedModel;
  readonly adapters: Adapters;
  readonly args: ResolvedTrainingArguments;
  readonly maxBindingBytes: number;
}

export interface RunPlan {
  readonly gpu: GpuBytes;
  /** Floating-point operations per step. */
  readonly flops: number;
}

/**
 * Counts the GPU memory and the operations of a run with the largest possible batches. Prepares the same programs as the run itself, on a
 * runner that counts but computes nothing. Throws `limit_exceeded` for a tensor that can't be split.
 */
export async function planRun({ loaded, adapters, args, maxBindingBytes }: PlannedRun): Promise<RunPlan> {
  const runner = new SizingRunner(maxBindingBytes);
  const taken = async (body: () => Promise<unknown>): Promise<number> => {
    const before = runner.usage().bytes;
    await body();
    return runner.usage().bytes - before;
  };
  const weights = await taken(() => runner.allocate([...loaded.weights.values(), ...loaded.constants.values()]));
  const frozen = [...adapters[0].frozen.values()];
  const ofAdapter = await taken(() => runner.allocate([...adapters.map(({ pool }) => pool), ...frozen]));
  for (const name of adapters[0].tensors.keys()) await runner.read(baseTensor(loaded, name));
  const task = taskOfRun({ task: createTask(loaded.model), loaded }, args);
  const init = { runner, loaded, task, overlay: overlayOf(adapters, adapters), adapters, args, onCheckpointing() {} };
  const before = runner.usage().bytes;
  const { states, programs, shape } = await (adapters.length === 1 ? alone(init) : together(init));
  const optimizer = runner.usage().bytes - before;
  await programs.load({ early: false });
  if (compares(task)) await reserveReference({ runner, loaded, task }, shape);
  await programs.reserve(shape);
  await runner.readAll([...loaded.weights.values(), ...frozen].flatMap(samplesOf));
  for (const state of states) {
    await Promise.all(valuesOf(state).map((value) => runner.read(value)));
    await runner.read(state.stats);
  }
  const { peakBytes: total } = runner.usage();
  const activations = runner.slotBytes;
  const workspace = total - weights - ofAdapter - optimizer - activations;
  const bytes = { weights, adapter: ofAdapter, optimizer, activations, workspace, total };
  const flops = await programs.flopsOf(shape);
  return { gpu: { ...bytes, largest_buffer: runner.largest }, flops };
}

type ProgramsInit = ConstructorParameters<typeof LanePrograms>[0];

/** The steps of a run, its optimizer's states and the shape of its largest batches. */
interface Steps {
  readonly states: readonly OptimizerState[];
  readonly programs: Pick<StepPrograms, 'load' | 'reserve' | 'flopsOf'>;
  readonly shape: BatchShape;
}

/** Plans the steps of a run that trains one adapter. */
async function alone(init: ProgramsInit): Promise<Steps> {
  const { runner, adapters, task, args } = init;
  const state = await createOptimizerState(runner, adapters);
  return { states: [state], programs: new StepPrograms({ ...init, state }), shape: task.fullShape(args) };
}

/** Plans the steps of a run that trains several adapters at once: each row of a batch trains one of them. */
async function together(init: ProgramsInit): Promise<Steps> {
  const programs = new LanePrograms({ ...init, overlay: { ...init.overlay, adapters: [] } });
  const { B, ...rest } = init.task.fullShape(init.args);
  return { states: await programs.allocate(), programs, shape: { ...rest, B: B * init.adapters.length } };
}

interface PlannedAdapters {
  readonly kind: AdapterKind;
  readonly config: AdapterConfig;
  readonly count: number;
}

/** Plans new adapters on a model, without computing their values. They share their frozen values. Throws the errors that PEFT throws. */
export function planAdapters({ model }: LoadedModel, { kind, config, count }: PlannedAdapters): Adapters {
  const resolved = kind.resolve(config, model, { later: false });
  const frozen = kind.frozen?.planned(resolved);
  const adapter = (name: string): Adapter =>
    kind.create({
      kind,
      name,
      key: name,
      trainable: true,
      origin: undefined,
      pool: pinned('pool', [resolved.layout.length]),
      resolved,
      frozen,
    });
  return [adapter('default'), ...Array.from({ length: count - 1 }, (_, index) => adapter(`adapter ${index + 2}`))];
}

/** Returns the size in bytes of the adapter's weights file, in float32 and in float16. */
export function planFile({ model }: LoadedModel, { kind, config, layout, tensors, frozen }: Adapter): Estimate['file'] {
  const others = [...tensors].map(([name, { savedKey, value }]): [string, Shape] => {
    const spec = model.weights.find((weight) => weight.name === name);
    return [savedKey, spec === undefined ? value.shape : fileShape(spec)];
  });
  const fixed = kind.frozen?.areSaved(config) === true ? [...frozen] : [];
  const shapes = {
    trained: [...parameterShapes(layout), ...others],
    frozen: fixed.map(([name, { shape }]): [string, Shape] => [name, shape]),
  };
  return { float32: adapterModelBytes(shapes, 'float32'), float16: adapterModelBytes(shapes, 'float16') };
}

/**
 * Returns views of the values that a checkpoint's first reads copy: the beginning of each pool (the buffer of all trained parameters) and
 * of the optimizer's two moments for it. A view has at most the size of one such read.
 */
function valuesOf({ pools }: OptimizerState): Value[] {
  return [...pools].flatMap(([{ pool, layout }, { m, v }]) =>
    [pool, m, v].map((value) => viewOf(value, value.name, [Math.min(layout.length, PIECE / 4)], 0)),
  );
}
