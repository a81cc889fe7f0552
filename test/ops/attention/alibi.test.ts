import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { withAlibi } from '../../../src/ops/attention/alibi';
import { type AttentionInputs, attention } from '../../../src/ops/attention/attention';
import { attentionSpans } from '../../../src/ops/attention/attention_spans';
import { resizeHeads } from '../../../src/ops/attention/resize_heads';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const [B, T, H] = [1, 4, 2];

function makeInputs(memory: Memory, D: number) {
  const make = (name: string, seed: number): Value =>
    input(memory, name, [B * T, H * D], randomArray(B * T * H * D, seed, 2));
  return {
    q: make('q', 1),
    k: make('k', 2),
    v: make('v', 3),
    table: input(memory, 'table', [9, H], randomArray(9 * H, 4)),
    positions: input(memory, 'positions', [B * T], Float64Array.of(3, 0, 8, 5), 'u32'),
    spans: input(memory, 'spans', [B, T, 2], Float64Array.from(attentionSpans([1, 1, 1, 1], T)), 'u32'),
    D,
  };
}

function biased(g: Graph, inputs: ReturnType<typeof makeInputs>): Value {
  const heads = withAlibi(g, inputs);
  const given: AttentionInputs = { ...heads, spans: inputs.spans, B, T, H, Hkv: H, scale: 1 / Math.sqrt(inputs.D) };
  return resizeHeads(g, attention(g, given), heads.D, inputs.D);
}

test.each([3, 4])('attention with biases: central differences, heads of %i', (D) => {
  const memory: Memory = new Map();
  const inputs = makeInputs(memory, D);
  expectGradient((g) => biased(g, inputs), memory, [inputs.q, inputs.k, inputs.v]);
});

test('is softmax((q·kᵀ + bias)/√D)·v', () => {
  const D = 3;
  const memory: Memory = new Map();
  const inputs = makeInputs(memory, D);
  const g = new Graph();
  const y = biased(g, inputs);
  const values = runReference(g.steps, memory).get(y) as Float64Array;
  const at = (value: Value, n: number, h: number): Float64Array =>
    (memory.get(value) as Float64Array).subarray((n * H + h) * D, (n * H + h + 1) * D);
  const table = memory.get(inputs.table) as Float64Array;
  const positions = memory.get(inputs.positions) as Float64Array;
  for (let n = 0; n < T; n++) {
    for (let h = 0; h < H; h++) {
      const keys = Array.from({ length: n + 1 }, (_, j) => j);
      const weights = keys.map((j) => {
        const product = at(inputs.q, n, h).reduce((sum, q, d) => sum + q * (at(inputs.k, j, h)[d] as number), 0);
        return Math.exp((product + (table[(positions[j] as number) * H + h] as number)) / Math.sqrt(D));
      });
      const total = weights.reduce((a, b) => a + b);
      for (let d = 0; d < D; d++) {
        const expected = keys.reduce(
          (sum, j) => sum + ((weights[j] as number) / total) * (at(inputs.v, j, h)[d] as number),
          0,
        );
        expect(values[(n * H + h) * D + d]).toBeCloseTo(expected, 10);
      }
    }
  }
});

test('refuses a table of another number of heads', () => {
  const shape = [4, 8];
  const body = () =>
    withAlibi(new Graph(), {
      q: pinned('q', shape),
      k: pinned('k', shape),
      v: pinned('v', shape),
      table: pinned('table', [9, 3]),
      positions: pinned('positions', [4], 'u32'),
      D: 4,
    });
  expect(codeThrownBy(body)).toBe('invalid_argument');
});
