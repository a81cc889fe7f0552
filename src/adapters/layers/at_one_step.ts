import { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { copyInto } from '../../ops/copy';
import type { Adapter } from '../adapter';

/** A consistent copy of adapters: a run that trains them meanwhile doesn't change it. */
export interface AtOneStep {
  /** The adapter with the copied pool. */
  adapter(of: Adapter): Adapter;
  /** The copy of a tensor that one of the adapters trains; any other value is returned unchanged. */
  value(of: Value): Value;
}

/** Calls `body` with a copy of the adapters' state between two steps. The copy is freed when `body` is done. */
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

/** Copies all pools by one program, so that no training step runs between the copies. */
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
