import { overlayOf } from '../../adapters/overlay';
import type { VeraConfig } from '../../adapters/vera/config';
import { layoutVectors } from '../../adapters/vera/parameters';
import { projectionValues } from '../../adapters/vera/projection_pool';
import type { VeraAdapter } from '../../adapters/vera/vera_adapter';
import { VeraOnModel } from '../../adapters/vera/vera_on_model';
import type { GpuBytes } from '../../core/types/estimate';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { SizingRunner } from '../../gpu/memory/sizing_runner';
import { pinned, type Value, viewOf } from '../../graph/value';
import { baseTensor, type LoadedModel } from '../../models/loaded_model';
import { createTask } from '../../tasks/registry';
import { PIECE } from '../../train/saving/pools';
import { createOptimizerState, type OptimizerState } from '../../train/steps/optimizer';
import { StepPrograms } from '../../train/steps/step_programs';
import { resolveAdapter } from '../adapters/resolve_adapter';
import { samplesOf } from '../models/base_identity';

interface PlannedRun {
  readonly loaded: LoadedModel;
  readonly adapter: VeraAdapter;
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
  const ofAdapter = await taken(() => runner.allocate([adapter.pool, ...adapter.frozen]));
  for (const name of adapter.tensors.keys()) await runner.read(baseTensor(loaded, name));
  const before = runner.usage().bytes;
  const state = await createOptimizerState(runner, [adapter]);
  const optimizer = runner.usage().bytes - before;
  const task = createTask(loaded.model);
  const overlay = overlayOf([adapter], [adapter]);
  const init = { runner, loaded, task, overlay, adapters: [adapter], args, state, onCheckpointing() {} };
  const programs = new StepPrograms(init);
  await programs.load({ early: false });
  await programs.reserve(task.fullShape(args));
  await runner.readAll([...loaded.weights.values(), ...adapter.frozen].flatMap(samplesOf));
  await Promise.all(stateOf(adapter, state).map((value) => runner.read(value)));
  await runner.read(state.stats);
  const { peakBytes: total } = runner.usage();
  const activations = runner.slotBytes;
  const workspace = total - weights - ofAdapter - optimizer - activations;
  const bytes = { weights, adapter: ofAdapter, optimizer, activations, workspace, total };
  const flops = await programs.flopsOf(task.fullShape(args));
  return { gpu: { ...bytes, largest_buffer: runner.largest }, flops };
}

/** A new adapter on a model, without values. Throws PEFT's errors. */
export function planAdapter(loaded: LoadedModel, init: VeraConfig): VeraAdapter {
  const { targets, trained } = resolveAdapter(init, loaded.model);
  const { config, modules, max_in, max_out } = targets;
  const layout = layoutVectors(modules, config.r, trained);
  return new VeraOnModel({
    name: 'default',
    key: 'default',
    config,
    trainable: true,
    origin: undefined,
    pool: pinned('pool', [layout.length]),
    layout,
    projections: projectionValues({ r: config.r, max_in, max_out, dtype: 'float32' }),
    trained,
  });
}

/** Views of the pool and its moments, of the size that one read copies. */
function stateOf({ pool, layout }: VeraAdapter, { pools }: OptimizerState): Value[] {
  const values = [pool, ...[...pools.values()].flatMap(({ m, v }) => [m, v])];
  return values.map((value) => viewOf(value, value.name, [Math.min(layout.length, PIECE / 4)], 0));
}
