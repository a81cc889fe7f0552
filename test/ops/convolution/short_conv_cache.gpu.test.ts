import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { shortConv } from '../../../src/ops/convolution/short_conv';
import { cachedShortConv, keepForShortConv } from '../../../src/ops/convolution/short_conv_cache';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { convInputs } from '../../helpers/models/conv_inputs';
import { type Memory, runReference } from '../../reference/runner';

const cases = [
  { C: 1, K: 1, lengths: [1] },
  { C: 3, K: 3, lengths: [5, 1, 2] },
  { C: 132, K: 4, lengths: [2, 9] },
];

/** Texts of these lengths, padded at the right, and one more token for each. */
function texts({ C, K, lengths }: (typeof cases)[number]) {
  const memory: Memory = new Map();
  const [B, T] = [lengths.length, Math.max(...lengths) + 1];
  const documents = lengths.map((length) => Array.from({ length: T }, (_, t) => Number(t <= length)));
  const whole = convInputs(memory, { C, K, documents });
  const numbers = memory.get(whole.bcx) as Float64Array;
  const next = lengths.flatMap((length, b) => [
    ...numbers.subarray(3 * C * (b * T + length), 3 * C * (b * T + length + 1)),
  ]);
  return {
    memory,
    whole,
    T,
    next: input(memory, 'next', [B, 3 * C], Float64Array.from(next)),
    last: input(
      memory,
      'last',
      [B],
      Float64Array.from(lengths, (length) => length - 1),
      'u32',
    ),
    state: input(memory, 'state', [B, K - 1, C], randomArray(B * (K - 1) * C, 3)),
  };
}

/** Keeps what the texts leave behind, and computes the token after each, and then the same token again. */
function twoTokens(g: Graph, { whole, next, last, state }: ReturnType<typeof texts>): [Value, Value] {
  keepForShortConv(g, { bcx: whole.bcx, last, state });
  const { weight } = whole;
  return [cachedShortConv(g, { bcx: next, weight, state }), cachedShortConv(g, { bcx: next, weight, state })];
}

test.each(cases)('the token after each text, C=$C K=$K lengths=$lengths', async (one) => {
  const given = texts(one);
  const g = new Graph();
  const [y, again] = twoTokens(g, given);
  // Sums of K terms in f32 have errors of a few ULP.
  await expectGpuEqualsReference(g, given.memory, [y, again, given.state], 1e-6);
});

test.each(cases)('a token after a text equals that of the whole text, C=$C K=$K lengths=$lengths', (one) => {
  const given = texts(one);
  const { memory, whole, T } = given;
  const g = new Graph();
  const all = shortConv(g, whole);
  const [y] = twoTokens(g, given);
  const results = runReference(g.steps, memory);
  one.lengths.forEach((length, b) => {
    const row = (at: number, of: Value) => results.get(of)?.slice(at * one.C, (at + 1) * one.C);
    expect(row(b, y)).toEqual(row(b * T + length, all));
  });
});

test('refuses a state or texts of another size', () => {
  const [bcx, weight, last] = [pinned('bcx', [2, 12]), pinned('weight', [3, 4]), pinned('last', [2], 'u32')];
  for (const shape of [
    [2, 1, 4],
    [1, 2, 4],
    [2, 2, 8],
  ]) {
    const state = pinned('state', shape);
    expect(codeThrownBy(() => cachedShortConv(new Graph(), { bcx, weight, state }))).toBe('invalid_argument');
  }
  const keep = () => keepForShortConv(new Graph(), { bcx, last, state: pinned('state', [1, 2, 4]) });
  expect(codeThrownBy(keep)).toBe('invalid_argument');
});
