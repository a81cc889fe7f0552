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
import { taskOfRun } from '../../tasks/task_of_run';
import { createTask } from '../../tasks/task_registry';
import { reserveReference } from '../../train/reference_pass';
import { PIECE } from '../../train/saving/pools';
import { createOptimizerState, type OptimizerState } from '../../train/steps/optimizer';
import { StepPrograms } from '../../train/steps/step_programs';
import { samplesOf } from '../models/base_identity';

interface PlannedRun {
  readonly loaded: LoadedModel;
  readonly adapter: Adapter;
  readonly args: ResolvedTrainingArguments;
  readonly maxBindingBytes: number;
}

export interface RunPlan {
  readonly gpu: GpuBytes;
  /** Floating-point operations of a step. */
  readonly flops: number;
}

/**
 * Counts the GPU bytes and the operations of a run with the largest possible batches: runs its own steps with a runner
 * that only counts. Throws `limit_exceeded` for a tensor that can't be split.
 */
export async function planRun({ loaded, adapter, args, maxBindingBytes }: PlannedRun): Promise<RunPlan> {
  const runner = new SizingRunner(maxBindingBytes);
  const taken = async (body: () => Promise<unknown>): Promise<number> => {
    const before = runner.usage().bytes;
    await body();
    return runner.usage().bytes - before;
  };
  const weights = await taken(() => runner.allocate([...loaded.weights.values(), ...loaded.constants.values()]));
  const ofAdapter = await taken(() => runner.allocate([adapter.pool, ...adapter.frozen.values()]));
  for (const name of adapter.tensors.keys()) await runner.read(baseTensor(loaded, name));
  const before = runner.usage().bytes;
  const state = await createOptimizerState(runner, [adapter]);
  const optimizer = runner.usage().bytes - before;
  const task = taskOfRun(createTask(loaded.model), args);
  const overlay = overlayOf([adapter], [adapter]);
  const init = { runner, loaded, task, overlay, adapters: [adapter], args, state, onCheckpointing() {} };
  const programs = new StepPrograms(init);
  await programs.load({ early: false });
  if (compares(task)) await reserveReference({ runner, loaded, task }, task.fullShape(args));
  await programs.reserve(task.fullShape(args));
  await runner.readAll([...loaded.weights.values(), ...adapter.frozen.values()].flatMap(samplesOf));
  await Promise.all(stateOf(adapter, state).map((value) => runner.read(value)));
  await runner.read(state.stats);
  const { peakBytes: total } = runner.usage();
  const activations = runner.slotBytes;
  const workspace = total - weights - ofAdapter - optimizer - activations;
  const bytes = { weights, adapter: ofAdapter, optimizer, activations, workspace, total };
  const flops = await programs.flopsOf(task.fullShape(args));
  return { gpu: { ...bytes, largest_buffer: runner.largest }, flops };
}

/** A fresh adapter on a model, without its numbers. Throws PEFT's errors. */
export function planAdapter({ model }: LoadedModel, kind: AdapterKind, config: AdapterConfig): Adapter {
  const resolved = kind.resolve(config, model, { later: false });
  return kind.create({
    kind,
    name: 'default',
    key: 'default',
    trainable: true,
    origin: undefined,
    pool: pinned('pool', [resolved.layout.length]),
    resolved,
    frozen: kind.frozen?.planned(resolved),
  });
}

/** The size of the adapter's tensors as a file. */
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

/** The pool and its moments, as far as they are read at once. */
function stateOf({ pool, layout }: Adapter, { pools }: OptimizerState): Value[] {
  const values = [pool, ...[...pools.values()].flatMap(({ m, v }) => [m, v])];
  return values.map((value) => viewOf(value, value.name, [Math.min(layout.length, PIECE / 4)], 0));
}
