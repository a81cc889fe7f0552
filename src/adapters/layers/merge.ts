import { WebVeraError } from '../../core/errors/error';
import { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import type { Adapter } from '../adapter';

/** W + ΔW of a wrapped module, or ΔW alone without a weight, as a new pinned f32 value (out, in). */
export async function mergedWeight(
  runner: Runner,
  adapter: Adapter,
  module: string,
  weight: Value | undefined,
): Promise<Value> {
  const size = adapter.modules.get(module);
  if (size === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
  const into = pinned(`merged ${module}.weight`, [size.out_features, size.in_features]);
  try {
    await runner.allocate([into]);
    const g = new Graph();
    adapter.merge(g, module, weight, into);
    const loaded = await runner.load({ name: 'merge', steps: g.steps, outputs: [] });
    runner.run(loaded);
    loaded.release();
    return into;
  } catch (error) {
    runner.free([into]);
    throw error;
  }
}
