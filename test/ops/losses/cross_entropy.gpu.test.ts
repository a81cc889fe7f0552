import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { crossEntropy, crossEntropyKernel } from '../../../src/ops/losses/cross_entropy';
import { lossSum } from '../../../src/ops/losses/loss_sum';
import { linear } from '../../../src/ops/products/linear';
import { expectGpuEqualsReference, input, runOnGpu, testExecutor } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { integerArray, random, randomArray } from '../../helpers/maths/random';
import { floatOf } from '../../reference/rows/words';
import { type Memory, runReference } from '../../reference/runner';

interface Sizes {
  readonly N: number;
  readonly C: number;
  readonly V: number;
  readonly labelled: number;
}

function setUp({ N, C, V, labelled }: Sizes, scale = 1) {
  const memory: Memory = new Map();
  const next = random(5);
  // The labelled rows are the last ones, in reverse order.
  const rows = Float64Array.from({ length: N }, (_, i) => (i < labelled ? N - 1 - i : 0));
  const targets = Float64Array.from({ length: N }, () => Math.floor(next() * V));
  const inputs = {
    hidden: input(memory, 'hidden', [N, C], randomArray(N * C, 1, scale)),
    outputs: V,
    rows: input(memory, 'rows', [N], rows, 'u32'),
    targets: input(memory, 'targets', [N], targets, 'u32'),
    block: input(memory, 'block', [8], blockWords({ labelled, inverse_tokens: 1 / Math.max(1, labelled) }), 'u32'),
  };
  const head = {
    weight: input(memory, 'weight', [V, C], randomArray(V * C, 2)),
    bias: input(memory, 'bias', [V], randomArray(V, 3)),
  };
  const stats = input(memory, 'stats', [12], new Float64Array(12), 'u32');
  return { memory, inputs, head, stats };
}

function build(
  { inputs, head, stats }: ReturnType<typeof setUp>,
  chunkRows: number,
  into: ReadonlyMap<Value, Value> = new Map(),
  smoothing = 0,
) {
  const g = new Graph();
  for (const value of [inputs.hidden, ...into.keys()]) g.train(value);
  const project = (h: Value): Value => linear(g, h, head.weight, head.bias);
  const { losses } = crossEntropy(g, { ...inputs, project, chunkRows, into, smoothing });
  lossSum(g, losses, inputs.block, stats);
  const dh = g.grad(losses, losses, into).get(inputs.hidden)!;
  return { g, losses, dh };
}

const sizes = [
  { N: 1, C: 1, V: 1, labelled: 1, chunkRows: 1 },
  { N: 5, C: 7, V: 123, labelled: 3, chunkRows: 2 },
  { N: 9, C: 16, V: 255, labelled: 9, chunkRows: 4 },
  { N: 9, C: 16, V: 256, labelled: 6, chunkRows: 4 },
  { N: 9, C: 16, V: 257, labelled: 0, chunkRows: 9 },
  { N: 40, C: 64, V: 4099, labelled: 33, chunkRows: 16 },
];
const cases = ['default', 'serial'].flatMap((variant) => sizes.map((size) => ({ variant, ...size })));
const title = 'cross_entropy $variant N=$N C=$C V=$V: $labelled labelled, chunks of $chunkRows';

test.each(cases)(title, async ({ variant, chunkRows, ...size }) => {
  const set = setUp(size);
  const { g, losses, dh } = build(set, chunkRows);
  // The errors come from logits, which are sums of up to 64 products, and from a sum of V exponentials.
  await expectGpuEqualsReference(g, set.memory, [losses, dh], 5e-6, { variant });
});

test.each([
  ['default', 49_152, 0],
  ['serial', 49_152, 0],
  ['serial', 49_152, 0.2],
  ['serial', 49_153, 0],
])('cross_entropy %s: the sums over a vocabulary of %i lose no digits, smoothing %d', async (variant, V, smoothing) => {
  const memory: Memory = new Map();
  // Four tokens are likely. Each other token is e^−10 times as likely, but all others together are half as likely as the four.
  const likely = Float64Array.from({ length: 2 * V }, (_, at) => (at % V < 4 ? 10 : 0));
  const logits = input(memory, 'logits', [2, V], likely);
  const targets = input(memory, 'targets', [2], Float64Array.of(7, V - 1), 'u32');
  const block = input(memory, 'block', [8], blockWords({ labelled: 2, inverse_tokens: 1 / 2 }), 'u32');
  const losses = input(memory, 'losses', [2], new Float64Array(2));
  const g = new Graph();
  g.emit(
    crossEntropyKernel,
    { logits, targets, block, losses },
    {},
    { start: 0, count: 2, V, has_gradient: 0, smoothing },
  );
  // The errors are a few units in the last place of f32.
  await expectGpuEqualsReference(g, memory, [losses], 5e-7, { variant });
});

/** Creates the buffers in which the head's gradients accumulate. They contain the gradients of an earlier micro-batch. */
function headGradients({ memory, head: { weight, bias } }: ReturnType<typeof setUp>): Map<Value, Value> {
  const dw = input(memory, 'dw', weight.shape, randomArray(memory.get(weight)!.length, 8, 0.01));
  const db = input(memory, 'db', bias.shape, randomArray(memory.get(bias)!.length, 9, 0.01));
  return new Map([
    [weight, dw],
    [bias, db],
  ]);
}

test.each(cases)(`${title}, a head that trains`, async ({ variant, chunkRows, ...size }) => {
  const set = setUp(size);
  const into = headGradients(set);
  const { g, losses, dh } = build(set, chunkRows, into);
  await expectGpuEqualsReference(g, set.memory, [losses, dh, ...into.values()], 5e-6, { variant });
});

test.each(cases)(`${title}, smoothing`, async ({ variant, chunkRows, ...size }) => {
  const set = setUp(size);
  const { g, losses, dh } = build(set, chunkRows, new Map(), 0.2);
  await expectGpuEqualsReference(g, set.memory, [losses, dh], 5e-6, { variant });
});

test.each(['default', 'serial'])('%s: a class that is ruled out beside the target', async (variant) => {
  const set = setUp({ N: 4, C: 4, V: 8, labelled: 4 });
  set.memory.get(set.inputs.targets)!.fill(0);
  set.memory.get(set.head.bias)![1] = Number.NEGATIVE_INFINITY;
  const { g, losses, dh } = build(set, 4);
  await expectGpuEqualsReference(g, set.memory, [losses, dh], 5e-6, { variant });
});

test.each([0, 0.1])('padding rows have no loss and no gradient, smoothing %d', async (smoothing) => {
  const memory: Memory = new Map();
  const V = 300;
  const logits = input(memory, 'logits', [4, V], randomArray(4 * V, 1, 5));
  const targets = input(memory, 'targets', [6], Float64Array.of(0, 0, 299, 7, 0, 0), 'u32');
  const block = input(memory, 'block', [8], blockWords({ labelled: 4, inverse_tokens: 1 / 4 }), 'u32');
  const losses = input(memory, 'losses', [6], new Float64Array(6).fill(9));
  const g = new Graph();
  const params = { start: 2, count: 4, V, has_gradient: 1, smoothing };
  g.emit(crossEntropyKernel, { logits, targets, block, losses }, {}, params);
  const result = await runOnGpu(g.steps, memory, [logits, losses]);
  expect(result.get(logits)!.subarray(2 * V)).toEqual(new Float64Array(2 * V));
  expect([...result.get(losses)!].map(Math.sign)).toEqual([1, 1, 1, 1, 0, 0]);
  await expectGpuEqualsReference(g, memory, [logits, losses], 2e-6);
});

test.each([0, 0.1])('logits far beyond the range of exp, smoothing %d', async (smoothing) => {
  const set = setUp({ N: 4, C: 3, V: 300, labelled: 4 }, 1e4);
  const { g, losses, dh } = build(set, 4, new Map(), smoothing);
  await expectGpuEqualsReference(g, set.memory, [losses], 1e-6);
  // The gradient depends on differences between logits of 1e4, which are accurate to 1e-3.
  await expectGpuEqualsReference(g, set.memory, [dh], 5e-3);
});

test('a run with only the chunks that hold labels gives the same loss and gradient', async () => {
  const sizes = { N: 12, C: 5, V: 50, labelled: 5 };
  const all = setUp(sizes);
  const allHead = headGradients(all);
  const whole = build(all, 3, allHead);
  const part = setUp(sizes);
  const partHead = headGradients(part);
  const built = build(part, 3, partHead);
  const expected = await runOnGpu(whole.g.steps, all.memory, [whole.dh, all.stats, ...allHead.values()]);

  const executor = testExecutor();
  for (const [value, numbers] of part.memory) {
    executor.write(value, value.dtype === 'u32' ? Uint32Array.from(numbers) : Float32Array.from(numbers));
  }
  const loaded = await executor.load({ name: 'loss', steps: built.g.steps, outputs: [built.dh] });
  executor.run(loaded, { chunks: 2 });
  const dispatches = executor.counters.dispatches;
  expect(new Float32Array(await executor.read(built.dh)).subarray(0, 60)).toEqual(
    Float32Array.from(expected.get(whole.dh)!),
  );
  expect(new Uint32Array(await executor.read(part.stats))).toEqual(Uint32Array.from(expected.get(all.stats)!));
  for (const name of ['weight', 'bias'] as const) {
    const numbers = expected.get(allHead.get(all.head[name])!)!;
    const bytes = await executor.read(partHead.get(part.head[name])!);
    expect(new Float32Array(bytes).subarray(0, numbers.length)).toEqual(Float32Array.from(numbers));
  }
  expect(dispatches).toBe(built.g.steps.length - 2 * 7);
  loaded.release();
  executor.free(part.memory.keys());
});

test.each([
  [0, 3],
  [1, 200],
])('loss_sum: micro-step %i, %i labelled', async (micro_step, labelled) => {
  const memory: Memory = new Map();
  const losses = input(memory, 'losses', [300], integerArray(300, 1, 100));
  memory.get(losses)!.fill(Number.NaN, labelled);
  const block = input(memory, 'block', [8], blockWords({ micro_step, labelled, inverse_tokens: 1 / 4 }), 'u32');
  const stats = input(
    memory,
    'stats',
    [12],
    Float64Array.from({ length: 12 }, (_, i) => i || 0x40000000),
    'u32',
  );
  const g = new Graph();
  lossSum(g, losses, block, stats);
  const actual = (await runOnGpu(g.steps, memory, [stats])).get(stats)!;
  expect(actual).toEqual(runReference(g.steps, memory).get(stats));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'a hidden state of %d makes a loss that is not finite',
  async (bad) => {
    const set = setUp({ N: 3, C: 4, V: 300, labelled: 3 });
    set.memory.get(set.inputs.hidden)![5] = bad;
    const { g } = build(set, 3);
    const stats = (await runOnGpu(g.steps, set.memory, [set.stats])).get(set.stats)!;
    expect(Number.isFinite(floatOf(stats[0]))).toBe(false);
  },
);
