import { describe, expect, test } from 'vitest';
import { Adapter } from '../../../src/adapters/adapter';
import { layoutPool } from '../../../src/adapters/pool/pool_layout';
import type { Graph } from '../../../src/graph/graph';
import type { LoadedProgram } from '../../../src/graph/runner';
import { pinned, type Value } from '../../../src/graph/value';
import { copyInto } from '../../../src/ops/copy';
import { type Ingredients, prepareMerge } from '../../../src/worker/adapters/prepare_merge';
import { FakeRunner } from '../../helpers/session/fake_runner';
import { type Memory, runReference } from '../../reference/runner';

/** An adapter whose merge copies its trained values (the pool) into a module's weight and bias. It doesn't change the bias of `plain`. */
class PoolAdapter extends Adapter {
  readonly hyperparameters = {};

  merge(g: Graph, _module: string, _weight: Value | undefined, into: Value): void {
    copyInto(g, this.pool, into, 0);
  }

  override changesBias(module: string): boolean {
    return module !== 'plain';
  }

  override mergeBias(g: Graph, _module: string, bias: Value, into: Value): void {
    copyInto(g, bias, into, 0);
    copyInto(g, this.pool, into, 0);
  }

  withPool(pool: Value): PoolAdapter {
    return new PoolAdapter({ ...this.parts, pool });
  }
}

class MemoryRunner extends FakeRunner {
  readonly memory: Memory = new Map();

  override run(loaded?: LoadedProgram): void {
    runReference(loaded?.program.steps ?? [], this.memory);
  }

  override read = async (value?: Value): Promise<ArrayBuffer> => Float32Array.from(this.memory.get(value!)!).buffer;
}

const SIZE = 4;

async function merged(pool: number, modules: readonly string[], { safe = false } = {}): Promise<Map<string, number>> {
  const runner = new MemoryRunner();
  const weights = new Map<string, Value>();
  for (const module of ['changed', 'plain', 'biasless']) {
    weights.set(`${module}.weight`, pinned(`${module}.weight`, [1, SIZE]));
    if (module !== 'biasless') weights.set(`${module}.bias`, pinned(`${module}.bias`, [1]));
  }
  const values = pinned('pool', [1]);
  runner.memory.set(values, Float64Array.of(pool));
  const layout = layoutPool([{ name: 'numbers', shape: [1] }]);
  const size = { in_features: SIZE, out_features: 1 };
  const resolved = { config: {}, modules: new Map(modules.map((name) => [name, size])), trained: [], layout };
  const named = { name: 'one', key: 'one', trainable: false, origin: undefined, kind: {} };
  const adapter = new PoolAdapter({ ...named, resolved, pool: values, frozen: undefined } as never);
  const base = { runner, loaded: { weights, model: { tied: new Map() } } };
  const ingredients = { base, mergedWeights: new Map(), adapters: [adapter], tensors: new Map() };
  const { signal } = new AbortController();
  const merging = { names: undefined, safe, signal, onProgress: () => {} };
  const made = await prepareMerge(ingredients as unknown as Ingredients, [adapter], merging);
  return new Map([...made.weights].map(([name, value]) => [name, runner.memory.get(value)![0]!]));
}

describe('a merge', () => {
  test('changes the biases of those modules that have one and whose adapter changes it', async () => {
    expect(await merged(3, ['changed', 'plain', 'biasless'])).toEqual(
      new Map([
        ['changed.weight', 3],
        ['changed.bias', 3],
        ['plain.weight', 3],
        ['biasless.weight', 3],
      ]),
    );
  });

  test('refuses a bias that is not finite', async () => {
    await expect(merged(Number.NaN, ['changed'], { safe: true })).rejects.toMatchObject({ code: 'numerical_error' });
    await expect(merged(1, ['changed'], { safe: true })).resolves.toBeDefined();
  });
});
