import { WebVeraError } from '../../core/errors/error';
import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { zeros } from '../fill';
import { gatherRows, type RowRange, scatterRows } from '../rows/rows';

/** What every loss of rows is made of, beside its targets. */
export interface RowLossInputs {
  /** (N, C) */
  readonly hidden: Value;
  /**
   * The head, from some rows of `hidden` (count, C) to their logits (count, V), by ops with gradients. It is called for
   * each chunk and may use pinned values beside its rows, but nothing else that trains. Its gradient must not need the
   * logits themselves.
   */
  project(hidden: Value): Value;
  /** V, the head's outputs: a vocabulary's tokens, classes, or numbers to predict. */
  readonly outputs: number;
  /** u32 (L): the rows of `hidden` that have a label, each once, then zeros. */
  readonly rows: Value;
  /** The step block: `labelled`, how many entries of `rows` count; `inverse_tokens`, the weight of each loss. */
  readonly block: Value;
  /** Rows whose logits are held at a time. */
  readonly chunkRows: number;
  /** Where the gradients of trained tensors accumulate, as for `Graph.grad`: the head's own are added right away. */
  readonly into: ReadonlyMap<Value, Value>;
}

export interface RowLosses {
  /** (L): of each labelled row, in the order of `rows`. From `labelled` on they are 0. */
  readonly losses: Value;
  /**
   * (count, V) of each chunk: chunk i holds the rows from i · chunkRows on. After the pass they are the head's logits where
   * nothing trains, and their gradients where something does. Those of chunks that a run leaves out may hold anything. To be
   * read after a run, they must be among the program's outputs.
   */
  readonly logits: readonly Value[];
}

/** A chunk's place in a loss, as the kernels of losses take it. */
interface ChunkParams extends RowRange {
  readonly V: number;
  /** 1 if the gradient is to be written over the logits. */
  readonly has_gradient: number;
}

/** Emits the kernel that puts a chunk's losses into `losses` (L) from its `logits` (count, V), and their gradient over these. */
type EmitLoss = (values: { readonly logits: Value; readonly losses: Value }, params: ChunkParams) => void;

/**
 * The loss of each labelled row, without the logits ever being held at once. The rows go in chunks that a run may leave out:
 * it needs ⌈labelled / chunkRows⌉ of them. `name`: the loss's, for errors.
 *
 * The gradient is made beside the loss, while the logits are there: that of Σ losses · inverse_tokens. So the `dy`
 * handed to `Graph.grad` counts for nothing.
 */
export function rowLosses(g: Graph, name: string, inputs: RowLossInputs, emitLoss: EmitLoss): RowLosses {
  const { hidden, rows, chunkRows } = inputs;
  const L = numel(rows.shape);
  if (!(Number.isInteger(chunkRows) && chunkRows > 0)) {
    throw new WebVeraError('invalid_argument', `chunkRows: expected a positive integer, got ${chunkRows}`);
  }
  const losses = zeros(g, [L]);
  const dh = g.trains(hidden) ? zeros(g, hidden.shape) : undefined;
  const logits: Value[] = [];
  for (let start = 0; start < L; start += chunkRows) {
    const range = { start, count: Math.min(chunkRows, L - start) };
    const emit = (): Value => emitChunk(g, name, inputs, range, { losses, dh, emitLoss });
    logits.push(g.inChunk(start / chunkRows, emit));
  }
  if (dh !== undefined) g.differentiate(losses, [hidden], (_dy, [sink]) => [passOn(g, dh, sink)]);
  return { losses, logits };
}

interface ChunkWork {
  readonly losses: Value;
  /** Where the gradient of `hidden` gathers, if it trains. */
  readonly dh: Value | undefined;
  readonly emitLoss: EmitLoss;
}

/** The losses of some rows, and the gradients by the head and by `hidden`, so far as those train. Returns their logits. */
function emitChunk(
  g: Graph,
  name: string,
  inputs: RowLossInputs,
  range: RowRange,
  { losses, dh, emitLoss }: ChunkWork,
): Value {
  const { hidden, outputs: V, rows, block, into } = inputs;
  const own = gatherRows(g, hidden, rows, range);
  if (dh !== undefined) g.train(own);
  const mark = g.tapeLength;
  const logits = inputs.project(own);
  expectShape(`${name} logits`, logits.shape, [range.count, V]);
  const trains = g.trains(logits);
  emitLoss({ logits, losses }, { ...range, V, has_gradient: Number(trains) });
  if (trains) {
    const gradient = g.gradSince(mark, logits, logits, into).get(own);
    if (dh !== undefined && gradient !== undefined) scatterRows(g, gradient, rows, block, dh, range);
  }
  return logits;
}
