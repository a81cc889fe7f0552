import { expect, test } from 'vitest';
import { storages } from '../../../src/core/numbers/storage';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { embedding, embeddingBackward, embeddingLinks } from '../../../src/ops/rows/embedding';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { inputInShards } from '../../helpers/gpu/shards';
import { integerArray, random, randomArray, storableArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, V: 1, C: 1 },
  { N: 5, V: 7, C: 123 },
  { N: 70, V: 300, C: 576 },
])('embedding N=$N V=$V C=$C copies rows of weights however they are stored', async ({ N, V, C }) => {
  for (const { name: dtype } of Object.values(storages).filter(({ rowMultiple }) => rowMultiple < 32 || C % 32 === 0)) {
    const memory: Memory = new Map();
    const next = random(1);
    const ids = Float64Array.from({ length: N }, () => Math.floor(next() * V));
    ids[N - 1] = V - 1;
    const g = new Graph();
    const weight = input(memory, 'weight', [V, C], storableArray(V * C, 2, dtype), dtype);
    const y = embedding(g, input(memory, 'ids', [N], ids, 'u32'), weight);
    await expectGpuEqualsReference(g, memory, [y], 0);
  }
});

test.each([
  { V: 65, C: 1, offset: 0, scale: 1 },
  { V: 128, C: 7, offset: 2, scale: 6 },
  { V: 300, C: 36, offset: 1, scale: 1 },
])('embedding V=$V C=$C offset=$offset scale=$scale from shards: the rows of the whole', async (sizes) => {
  const { V, C, offset, scale } = sizes;
  for (const dtype of ['f32', 'f16'] as const) {
    const memory: Memory = new Map();
    const next = random(5);
    const ids = Float64Array.from({ length: 90 }, () => Math.floor(next() * (V - offset)));
    // The first row, the rows on both sides of the border between the first two shards, and the last row.
    ids.set([0, 63 - offset, 64 - offset, V - 1 - offset]);
    const numbers = integerArray(V * C, 2, 1000);
    const g = new Graph();
    const tokens = input(memory, 'ids', [90], ids, 'u32');
    const whole = embedding(g, tokens, input(memory, 'whole', [V, C], numbers, dtype), { offset, scale });
    const y = embedding(g, tokens, inputInShards(memory, 'split', [V, C], numbers, dtype), { offset, scale });
    expect(g.steps).toHaveLength(1 + Math.ceil(V / 64));
    await expectGpuEqualsReference(g, memory, [whole, y], 0);
    const results = await runOnGpu(g.steps, memory, [whole, y]);
    expect(results.get(y)).toEqual(results.get(whole));
  }
});

test.each([
  { N: 1, V: 1, C: 1, offset: 0, scale: 1 },
  { N: 5, V: 9, C: 123, offset: 2, scale: 1 },
  { N: 123, V: 7, C: 5, offset: 0, scale: 48 },
  { N: 130, V: 300, C: 64, offset: 1, scale: 1 },
])('embedding N=$N V=$V C=$C offset=$offset scale=$scale: rows and gradients', async (sizes) => {
  const { N, V, C, offset, scale } = sizes;
  const memory: Memory = new Map();
  const next = random(3);
  // Some ids occur often, and one id selects the last row.
  const ids = Float64Array.from({ length: N }, () => Math.floor(next() ** 3 * (V - offset)));
  ids[N - 1] = V - 1 - offset;
  // The id −1 stands for padding.
  if (offset > 0) ids[0] = 0xffffffff;
  const weight = input(memory, 'weight', [V, C], integerArray(V * C, 1, 1000));
  const dy = input(memory, 'dy', [N, C], integerArray(N * C, 2));
  const dw = input(memory, 'dw', [V, C], integerArray(V * C, 3));
  const g = new Graph();
  g.train(weight);
  const y = embedding(g, input(memory, 'ids', [N], ids, 'u32'), weight, { offset, scale });
  g.grad(y, dy, new Map([[weight, dw]]));
  await expectGpuEqualsReference(g, memory, [y, dw], 0);
});

test.each([
  { padding: 0, offset: 0, paddingRow: 0 },
  { padding: 2, offset: 0, paddingRow: 2 },
  { padding: 6, offset: 0, paddingRow: 6 },
  // The id −1 with an offset of 2 selects row 1.
  { padding: 0xffffffff, offset: 2, paddingRow: 1 },
])('embedding: row $paddingRow, the padding’s by offset $offset, learns nothing', async (given) => {
  const { padding, offset, paddingRow } = given;
  const memory: Memory = new Map();
  const [N, V, C] = [60, 7, 5];
  const next = random(4);
  const ids = Float64Array.from({ length: N }, () => (Math.floor(next() * V) - offset) >>> 0);
  const weight = input(memory, 'weight', [V, C], integerArray(V * C, 1, 1000));
  const dy = input(memory, 'dy', [N, C], integerArray(N * C, 2));
  const dw = input(memory, 'dw', [V, C], integerArray(V * C, 3));
  const before = memory.get(dw)!.slice();
  const g = new Graph();
  g.train(weight);
  const y = embedding(g, input(memory, 'ids', [N], ids, 'u32'), weight, { padding, offset });
  g.grad(y, dy, new Map([[weight, dw]]));
  await expectGpuEqualsReference(g, memory, [y, dw], 0);
  const after = (await runOnGpu(g.steps, memory, [dw])).get(dw)!;
  for (let row = 0; row < V; row++) {
    const [was, is] = [before, after].map((each) => each.subarray(row * C, (row + 1) * C));
    if (row === paddingRow) expect(is).toEqual(was);
    else expect(is).not.toEqual(was);
  }
});

test('the same gradient has the same bits twice', async () => {
  const memory: Memory = new Map();
  const [N, V, C] = [200, 7, 33];
  const ids = input(
    memory,
    'ids',
    [N],
    Float64Array.from(integerArray(N, 1, 3), (id) => id + 3),
    'u32',
  );
  const dy = input(memory, 'dy', [N, C], randomArray(N * C, 2));
  const dw = input(memory, 'dw', [V, C], randomArray(V * C, 3));
  const g = new Graph();
  const { links } = g.emit(embeddingLinks, { ids }, { links: [N] }, { N, V, offset: 0 });
  g.emit(embeddingBackward, { ids, links, dy, dw }, {}, { N, C, V, offset: 0, padding: 0xffffffff, scale: 1 });
  // Each number is a sum of about 30 numbers.
  await expectGpuEqualsReference(g, memory, [dw], 1e-6);
  expect(await runOnGpu(g.steps, memory, [dw])).toEqual(await runOnGpu(g.steps, memory, [dw]));
});

test.each([
  { N: 1, V: 1, offset: 0 },
  { N: 63, V: 500, offset: 2 },
  { N: 700, V: 40, offset: 0 },
])('embedding_links N=$N V=$V offset=$offset: each token knows the next one with its row', async ({ N, V, offset }) => {
  const memory: Memory = new Map();
  const next = random(6);
  // Some ids are too large: they count as the last row.
  const ids = Float64Array.from({ length: N }, () => Math.floor(next() ** 2 * (V + 3)));
  if (offset > 0) ids[N >> 1] = 0xffffffff;
  const links = pinned('links', [N], 'u32');
  const g = new Graph();
  g.emit(embeddingLinks, { ids: input(memory, 'ids', [N], ids, 'u32') }, { links }, { N, V, offset });
  await expectGpuEqualsReference(g, memory, [links], 0);
});

test("a row's gradient is the sum in the order of its tokens", async () => {
  const memory: Memory = new Map();
  const ids = input(memory, 'ids', [5], Float64Array.of(3, 3, 1, 3, 3), 'u32');
  const weight = input(memory, 'weight', [4, 1], new Float64Array(4));
  // In f32, 1e8 + 1 is 1e8, so another order gives another sum.
  const dy = input(memory, 'dy', [5, 1], Float64Array.of(1e8, 1, 7, -1e8, 1));
  const dw = input(memory, 'dw', [4, 1], new Float64Array(4));
  const g = new Graph();
  g.train(weight);
  g.grad(embedding(g, ids, weight), dy, new Map([[weight, dw]]));
  expect((await runOnGpu(g.steps, memory, [dw])).get(dw)).toEqual(Float64Array.of(0, 7, 0, 1));
});
