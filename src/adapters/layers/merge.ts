import { WebVeraError } from '../../core/errors/error';
import { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import type { Adapter, ModuleSize } from '../adapter';

/** The weight or bias that an adapter is merged into. */
export interface MergedOnto {
  readonly weight: Value;
  /** The base model's own weight. It differs from `weight` if other adapters are already merged into `weight`. */
  readonly base: Value;
}

/** Computes W + ΔW of a wrapped module, or ΔW if `onto` is undefined, as a new f32 value (out, in), which the caller must free. */
export function mergedWeight(
  runner: Runner,
  adapter: Adapter,
  module: string,
  onto: MergedOnto | undefined,
): Promise<Value> {
  const { in_features, out_features } = sizeOf(adapter, module);
  const into = pinned(`merged ${module}.weight`, [out_features, in_features]);
  return filled(runner, into, (g) => adapter.merge(g, module, onto?.weight, into, onto?.base));
}

/** Computes the changed bias of a wrapped module, as a new f32 value (out), which the caller must free. */
export function mergedBias(runner: Runner, adapter: Adapter, module: string, bias: Value): Promise<Value> {
  const into = pinned(`merged ${module}.bias`, [sizeOf(adapter, module).out_features]);
  return filled(runner, into, (g) => adapter.mergeBias(g, module, bias, into));
}

function sizeOf({ modules }: Adapter, module: string): ModuleSize {
  const size = modules.get(module);
  if (size === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
  return size;
}

/** Allocates `into`, then runs the steps that `emit` adds to a graph, which write its content. Frees it if an error occurs. */
async function filled(runner: Runner, into: Value, emit: (g: Graph) => void): Promise<Value> {
  try {
    await runner.allocate([into]);
    const g = new Graph();
    emit(g);
    const loaded = await runner.load({ name: 'merge', steps: g.steps, outputs: [] });
    runner.run(loaded);
    loaded.release();
    return into;
  } catch (error) {
    runner.free([into]);
    throw error;
  }
}
