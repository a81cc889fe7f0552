import { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { copyInto } from '../../ops/copy';
import type { Adapter } from '../adapter';

/** A consistent copy of the adapters' state. It doesn't change while a run trains the adapters. */
export interface AtOneStep {
  /** Returns the adapter with the copy of its pool. */
  adapter(of: Adapter): Adapter;
  /** Returns the copy of a tensor that one of the adapters trains; returns any other value unchanged. */
  value(of: Value): Value;
}

/** Copies the adapters' state between two training steps, and calls `body` with the copy. Frees the copy when `body` is done. */
export async function atOneStep<T>(
  runner: Runner,
  adapters: Iterable<Adapter>,
  body: (then: AtOneStep) => Promise<T>,
): Promise<T> {
  const copies = new Map([...adapters].map((adapter) => [adapter, copyOf(adapter)]));
  const pools = [...copies.values()].map(({ pool }) => pool);
  try {
    await runner.allocate(pools);
    if (copies.size > 0) await copyPools(runner, copies);
    const values = new Map([...copies].flatMap(([adapter, copy]) => pairs(adapter, copy)));
    return await body({
      adapter: (of) => copies.get(of) ?? of,
      value: (of) => values.get(of) ?? of,
    });
  } finally {
    runner.free(pools);
  }
}

/** Copies the pools of all adapters in one GPU program, so that no training step runs between two copies. */
async function copyPools(runner: Runner, copies: ReadonlyMap<Adapter, Adapter>): Promise<void> {
  const g = new Graph();
  for (const [{ pool }, copy] of copies) copyInto(g, pool, copy.pool, 0);
  const loaded = await runner.load({ name: 'copy of adapters', steps: g.steps, outputs: [] });
  runner.run(loaded);
  loaded.release();
}

function copyOf(adapter: Adapter): Adapter {
  const { name, shape } = adapter.pool;
  return adapter.withPool(pinned(`copy of ${name}`, shape));
}

function pairs(adapter: Adapter, copy: Adapter): [Value, Value][] {
  return [...adapter.tensors].map(([name, { value }]) => [value, copy.tensors.get(name)?.value ?? value]);
}
