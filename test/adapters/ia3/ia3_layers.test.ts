import { describe, expect, test } from 'vitest';
import { IA3Config } from '../../../src/adapters/ia3/config/ia3_config';
import { Ia3Adapter } from '../../../src/adapters/ia3/ia3_adapter';
import { layoutIa3 } from '../../../src/adapters/ia3/ia3_layout';
import { ia3Kind } from '../../../src/adapters/ia3/kind';
import { ia3Layers } from '../../../src/adapters/ia3/layers/ia3_layers';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient, type Value } from '../../../src/graph/value';
import { plainLayers, type Tensors } from '../../../src/models/layers';
import { mul } from '../../../src/ops/mul';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const SIZE = 4;

interface Scene {
  readonly memory: Memory;
  readonly x: Value;
  readonly tensors: Tensors;
}

function scene(): Scene {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [3, SIZE], randomArray(3 * SIZE, 1));
  const modules = ['q', 'k', 'down'];
  const weights = modules.map((name, at) => input(memory, name, [SIZE, SIZE], randomArray(SIZE ** 2, 10 + at)));
  const biases = modules.map((name, at) => input(memory, `${name}.bias`, [SIZE], randomArray(SIZE, 20 + at)));
  const of = (values: readonly Value[]) => (name: string) => values[modules.indexOf(name)]!;
  return { memory, x, tensors: { weight: of(weights), bias: of(biases), parameter: of(weights) } };
}

/** Creates an (IA)³ adapter. `sides`: for each module, whether its input is scaled, instead of its output. */
function adapterOn(memory: Memory, name: string, sides: Readonly<Record<string, boolean>>): Ia3Adapter {
  const size = { in_features: SIZE, out_features: SIZE };
  const layout = layoutIa3(Object.entries(sides).map(([name, isFeedforward]) => ({ name, ...size, isFeedforward })));
  const resolved = { config: new IA3Config(), modules: layout.slots, trained: [], layout };
  const pool = input(memory, `pool of ${name}`, [layout.length], randomArray(layout.length, name.length));
  const parts = { kind: ia3Kind as never, name, key: name, trainable: true, origin: undefined };
  return new Ia3Adapter({ ...parts, pool, resolved, frozen: undefined });
}

/** Builds a block whose layers share an input, feed each other, and add to the residual stream. */
function block(
  g: Graph,
  { x, tensors }: Scene,
  adapters: readonly Ia3Adapter[],
  merged: readonly string[] = [],
): Value {
  const layers = ia3Layers(g, plainLayers(g, tensors), adapters, { mergedModules: new Set(merged) });
  const [q, k] = layers.linears(['q', 'k'], x);
  return layers.linear('down', mul(g, q, k), { residual: x });
}

describe('layers with (IA)³ adapters', () => {
  test.each<readonly Readonly<Record<string, boolean>>[]>([
    [{ k: false, down: true }],
    [{ q: true, k: true, down: false }],
    [
      { q: false, down: true },
      { q: false, k: true, down: false },
    ],
  ])('central differences by x and all vectors: %j, %j', (...sides) => {
    const given = scene();
    const adapters = sides.map((side, at) => adapterOn(given.memory, 'a'.repeat(at + 1), side));
    const pools = adapters.map(({ pool }) => pool);
    for (const wrt of [pools, pools.slice(0, 1), [given.x, ...pools]]) {
      expectGradient((g) => block(g, given, adapters), given.memory, wrt);
    }
  });

  test('cost a dispatch for each vector, and one for its gradient', () => {
    const given = scene();
    const adapter = adapterOn(given.memory, 'one', { k: false, down: true });
    const g = new Graph();
    g.train(adapter.pool);
    const y = block(g, given, [adapter]);
    const names = () => g.steps.map(({ kernel }) => kernel.name);
    const forward = names();
    expect(forward).toEqual(['linear', 'linear', 'scale_columns', 'mul', 'scale_columns', 'linear']);
    const grads = pinned('grads', adapter.pool.shape);
    g.grad(y, transient('dy', y.shape), new Map([[adapter.pool, grads]]));
    // The backward pass ends at the vector nearest to the input, so q and x get no gradient.
    expect(names().slice(forward.length)).toEqual([
      'linear_backward',
      'scale_columns_backward',
      'mul',
      'scale_columns_backward',
    ]);
  });

  test('leave merged modules alone', () => {
    const given = scene();
    const adapter = adapterOn(given.memory, 'one', { k: false, down: true });
    const g = new Graph();
    const [plain, merged] = [block(g, given, []), block(g, given, [adapter], ['k', 'down'])];
    const results = runReference(g.steps, given.memory);
    expect(results.get(merged)).toEqual(results.get(plain));
  });
});
