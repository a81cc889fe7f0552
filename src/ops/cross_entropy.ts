import wgsl from '../../shaders/cross_entropy.wgsl?raw';
import serialWgsl from '../../shaders/cross_entropy_serial.wgsl?raw';
import stepBlock from '../../shaders/lib/step_block.wgsl?raw';
import { WebVeraError } from '../core/error';
import { defineKernel } from '../core/kernel';
import { ceilDiv, expectShape, numel } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { passOn } from './add';
import { zeros } from './fill';
import { serialVariants } from './row_variants';
import { gatherRows, type RowRange, scatterRows } from './rows';

const params = { start: 'place', count: 'size', V: 'size', has_gradient: 'u32' } as const;

export const crossEntropyKernel = defineKernel({
  name: 'cross_entropy',
  bindings: { logits: 'update', targets: 'read', block: 'read', losses: 'update' },
  params,
  variants: [
    { wgsl: [wgsl, stepBlock], workgroups: ({ count }) => [count] },
    ...serialVariants<typeof params>({
      wgsl: [serialWgsl, stepBlock],
      rowLength: ({ V }) => V,
      workgroups: ({ count }) => [ceilDiv(count, 8)],
    }),
  ],
  flops: ({ count, V, has_gradient }) => count * V * (has_gradient ? 8 : 4),
});

interface CrossEntropyInputs {
  /** (N, C) */
  readonly hidden: Value;
  /**
   * The head, from some rows of `hidden` (count, C) to their logits (count, V), by ops with gradients. It is called for
   * each chunk and may use pinned values beside its rows, but nothing else that trains. Its gradient must not need the
   * logits themselves.
   */
  project(hidden: Value): Value;
  readonly vocabSize: number;
  /** u32 (L): the rows of `hidden` that have a label, each once, then zeros. */
  readonly rows: Value;
  /** u32 (L): what each of `rows` should predict, below V. */
  readonly targets: Value;
  /** The step block: `labelled`, how many entries of `rows` count; `inverse_tokens`, the weight of each loss. */
  readonly block: Value;
  /** Rows whose logits are held at a time. */
  readonly chunkRows: number;
  /** Where the gradients of trained tensors accumulate, as for `Graph.grad`: the head's own are added right away. */
  readonly into: ReadonlyMap<Value, Value>;
}

/**
 * The loss of each labelled row, (L): −ln softmax(project(hidden))[target], without the logits ever being held at
 * once. The rows go in chunks that a run may leave out: it needs ⌈labelled / chunkRows⌉ of them. Losses from `labelled`
 * on are 0.
 *
 * The gradient is made beside the loss, while the logits are there: that of Σ losses · inverse_tokens. So the `dy`
 * handed to `Graph.grad` counts for nothing.
 */
export function crossEntropy(g: Graph, inputs: CrossEntropyInputs): Value {
  const { hidden, rows, targets, chunkRows } = inputs;
  const L = numel(rows.shape);
  expectShape('cross_entropy targets', targets.shape, rows.shape);
  if (!(Number.isInteger(chunkRows) && chunkRows > 0)) {
    throw new WebVeraError('invalid_argument', `chunkRows: expected a positive integer, got ${chunkRows}`);
  }
  const losses = zeros(g, [L]);
  const dh = g.trains(hidden) ? zeros(g, hidden.shape) : undefined;
  for (let start = 0; start < L; start += chunkRows) {
    const range = { start, count: Math.min(chunkRows, L - start) };
    g.inChunk(start / chunkRows, () => emitChunk(g, inputs, range, losses, dh));
  }
  if (dh !== undefined) g.differentiate(losses, [hidden], (_dy, [sink]) => [passOn(g, dh, sink)]);
  return losses;
}

/** The losses of some rows, and the gradients by the head and by `hidden`, so far as those train. */
function emitChunk(g: Graph, inputs: CrossEntropyInputs, range: RowRange, losses: Value, dh: Value | undefined): void {
  const { hidden, vocabSize: V, rows, targets, block, into } = inputs;
  const own = gatherRows(g, hidden, rows, range);
  if (dh !== undefined) g.train(own);
  const mark = g.tapeLength;
  const logits = inputs.project(own);
  expectShape('cross_entropy logits', logits.shape, [range.count, V]);
  const params = { ...range, V, has_gradient: Number(g.trains(logits)) };
  g.emit(crossEntropyKernel, { logits, targets, block, losses }, {}, params);
  if (!g.trains(logits)) return;
  const gradient = g.gradSince(mark, logits, logits, into).get(own);
  if (dh !== undefined && gradient !== undefined) scatterRows(g, gradient, rows, block, dh, range);
}
