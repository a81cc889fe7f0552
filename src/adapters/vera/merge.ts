import { WebVeraError } from '../../core/error';
import { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { veraMerge } from '../../ops/vera/vera_merge';
import type { VeraAdapter } from './vera_adapter';

/** W + ΔW of a wrapped module, or ΔW alone without a weight, as a new pinned f32 value (out, in). */
export async function mergedWeight(
  runner: Runner,
  { layout, projections, lambda }: VeraAdapter,
  module: string,
  weight: Value | undefined,
): Promise<Value> {
  const slot = layout.slots.get(module);
  if (slot === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
  const { in_features: K, out_features, offsetB, offsetD } = slot;
  const into = pinned(`merged ${module}.weight`, [out_features, K]);
  try {
    await runner.allocate([into]);
    const g = new Graph();
    veraMerge(g, { weight, ...projections, lambda, offsetB, offsetD, K }, into);
    const loaded = await runner.load({ name: 'merge', steps: g.steps, outputs: [] });
    runner.run(loaded);
    loaded.release();
    return into;
  } catch (error) {
    runner.free([into]);
    throw error;
  }
}
