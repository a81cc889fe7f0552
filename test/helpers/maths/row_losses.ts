import { expect } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import type { RowLosses, RowLossInputs } from '../../../src/ops/losses/row_losses';
import { rmsNorm } from '../../../src/ops/norms/rms_norm';
import { linear } from '../../../src/ops/products/linear';
import { type Memory, runReference } from '../../reference/runner';
import { input } from '../gpu/on_gpu';
import { blockWords } from '../gpu/step_block';
import { randomArray } from './random';

interface Mean {
  readonly labelled: number;
  readonly inverseTokens: number;
  /** The number of chunks of rows that are computed. Default: all. */
  readonly chunks?: number | undefined;
}

/**
 * Compares the gradients of the mean loss over rows with central differences for every entry of `wrt`, in float64, and
 * returns the gradients. `build` also receives the buffers in which the gradients of trained values accumulate.
 */
export function expectLossGradient(
  build: (g: Graph, into: ReadonlyMap<Value, Value>) => RowLosses,
  memory: Memory,
  wrt: readonly Value[],
  { labelled, inverseTokens, chunks }: Mean,
): readonly Float64Array[] {
  const forward = new Graph();
  const { losses } = build(forward, new Map());
  const objective = (): number => {
    const values = runReference(forward.steps, new Map(memory)).get(losses)!;
    return values.subarray(0, labelled).reduce((a, b) => a + b) * inverseTokens;
  };

  const g = new Graph();
  const into = new Map(wrt.map((value) => [value, pinned(`d${value.name}`, value.shape)]));
  for (const value of wrt) g.train(value);
  const { losses: y } = build(g, into);
  const sums = g.grad(y, y, into);
  const run = runReference(g.steps, new Map(memory), chunks);
  return wrt.map((value) => {
    const gradient = run.get(sums.get(value)!)!;
    const array = memory.get(value)!;
    array.forEach((original, index) => {
      array[index] = original + 1e-5;
      const above = objective();
      array[index] = original - 1e-5;
      const below = objective();
      array[index] = original;
      expect(gradient[index], `d${value.name}[${index}]`).toBeCloseTo((above - below) / 2e-5, 8);
    });
    return gradient;
  });
}

/** Computes the loss of each row of logits, and the gradient of the mean loss with respect to the logits, in float64. */
export function lossesOfLogits(
  logits: readonly (readonly number[])[],
  loss: (g: Graph, inputs: RowLossInputs, memory: Memory) => RowLosses,
): { readonly losses: Float64Array; readonly gradient: Float64Array } {
  const memory: Memory = new Map();
  const N = logits.length;
  const V = logits[0]!.length;
  const hidden = input(memory, 'logits', [N, V], Float64Array.from(logits.flat()));
  const rows = Float64Array.from(logits.keys());
  const g = new Graph();
  g.train(hidden);
  const inputs = {
    hidden,
    // Here the hidden states are the logits themselves.
    project: (h: Value) => h,
    outputs: V,
    rows: input(memory, 'rows', [N], rows, 'u32'),
    block: input(memory, 'block', [8], blockWords({ labelled: N, inverse_tokens: 1 / N }), 'u32'),
    chunkRows: 2,
    into: new Map<Value, Value>(),
  };
  const { losses } = loss(g, inputs, memory);
  const gradient = g.grad(losses, losses, new Map()).get(hidden)!;
  const run = runReference(g.steps, memory);
  return { losses: run.get(losses)!, gradient: run.get(gradient)! };
}

/** Expects numbers to equal torch's to `digits` decimals. */
export function expectNumbers(found: Float64Array, expected: readonly number[], digits = 7): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((number, at) => {
    expect(found[at], `number ${at}`).toBeCloseTo(number, digits);
  });
}

/** The number of rows, their width, and the number of labelled rows. */
const [N, C, LABELLED] = [6, 4, 5];

interface ChunkedLoss {
  readonly loss: (g: Graph, inputs: RowLossInputs & { readonly targets: Value }) => RowLosses;
  /** The shape is (N, V). */
  readonly targets: Float64Array;
  /** The number of outputs. */
  readonly V: number;
  readonly chunkRows: number;
  readonly chunks: number;
}

/** Compares the gradients of a loss with central differences, through a linear layer and a norm. One row has no label. */
export function expectChunkedLossGradient({ loss, targets, V, chunkRows, chunks }: ChunkedLoss): void {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1, 2));
  const norm = input(memory, 'norm', [C], randomArray(C, 2));
  const weight = input(memory, 'weight', [V, C], randomArray(V * C, 3));
  const bias = input(memory, 'bias', [V], randomArray(V, 4));
  const given = {
    outputs: V,
    rows: input(memory, 'rows', [N], Float64Array.of(1, 0, 5, 3, 2, 0), 'u32'),
    targets: input(memory, 'targets', [N, V], targets),
    block: input(memory, 'block', [8], blockWords({ labelled: LABELLED, inverse_tokens: 1 / 8 }), 'u32'),
    chunkRows,
  };
  const build = (g: Graph, into: ReadonlyMap<Value, Value>): RowLosses =>
    loss(g, { hidden: rmsNorm(g, x, norm, 1e-5), project: (h) => linear(g, h, weight, bias), ...given, into });
  const mean = { labelled: LABELLED, inverseTokens: 1 / 8, chunks };
  const [dx] = expectLossGradient(build, memory, [x, weight, bias], mean);
  // Row 4 has no label.
  expect([...dx!.subarray(4 * C, 5 * C)]).toEqual([0, 0, 0, 0]);
}
