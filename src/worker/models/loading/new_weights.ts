import type { Warning } from '../../../core/errors/warning';
import { normals, seedOf } from '../../../core/numbers/rng';
import { numel } from '../../../core/numbers/shape';
import type { Runner } from '../../../graph/runner';
import { pinned, type Value } from '../../../graph/value';
import type { Architecture, WeightSpec } from '../../../models/architecture';

/**
 * Initialises weights that a checkpoint lacks, with transformers' distribution. The numbers follow from the tensors'
 * names alone, so that a model is the same at each load and a run can resume after a reload.
 */
export async function makeWeights(
  specs: readonly WeightSpec[],
  runner: Runner,
  weights: Map<string, Value>,
): Promise<void> {
  for (const { name, shape, initialStd = 0 } of specs) {
    const value = pinned(name, shape);
    weights.set(name, value);
    await runner.allocate([value]);
    const drawn =
      initialStd === 0 ? new Float32Array(numel(shape)) : normals({ seed: seedOf(name), stream: 'init' }, numel(shape));
    runner.write(value, drawn.map((number) => number * initialStd) as Float32Array<ArrayBuffer>);
  }
}

/** The warning, with transformers' text. */
export function newlyInitialized({ head }: Architecture, specs: readonly WeightSpec[]): Warning {
  const names = specs.map(({ name }) => `'${name}'`).sort();
  const message =
    `Some weights of ${head.className} were not initialized from the model checkpoint and are newly initialized: ` +
    `[${names.join(', ')}]. You should probably TRAIN this model on a down-stream task to be able to use it for ` +
    'predictions and inference.';
  return { code: 'newly_initialized', message };
}
