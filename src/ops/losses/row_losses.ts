import { WebVeraError } from '../../core/errors/error';
import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { zeros } from '../fill';
import { gatherRows, type RowRange, scatterRows } from '../rows/gather_rows';

/** The inputs of every row loss, except its targets. */
export interface RowLossInputs {
  /** (N, C) */
  readonly hidden: Value;
  /**
   * The head: computes the logits (count, V) of some rows of `hidden` (count, C) by ops with gradients. It is called once for each chunk.
   * Besides the rows, it may use pinned values (allocated for the whole run), but no other trained values. Its gradient must not need the
   * logits, because the loss may overwrite them.
   */
  project(hidden: Value): Value;
  /** V, the number of the head's outputs: tokens of a vocabulary, classes, or numbers to predict. */
  readonly outputs: number;
  /** u32 (L): the indices of the rows of `hidden` that have a label, each once, followed by zeros. */
  readonly rows: Value;
  /**
   * The step block (a small buffer with the values of a step): `labelled` is the number of valid entries of `rows`, `inverse_tokens` the
   * weight of each loss.
   */
  readonly block: Value;
  /** The number of rows in a chunk: the logits of that many rows are in memory at a time. */
  readonly chunkRows: number;
  /**
   * The buffers in which the gradients of trained tensors accumulate, as for `Graph.grad`. Each chunk adds the head's gradients
   * immediately.
   */
  readonly into: ReadonlyMap<Value, Value>;
  /** Whether gradients are computed. If false, only the losses are computed, even if some values train. Default: true. */
  readonly hasGradient?: boolean | undefined;
}

export interface RowLosses {
  /** (L): the loss of each labelled row, in the order of `rows`; 0 from `labelled` on. */
  readonly losses: Value;
  /**
   * (count, V) for each chunk: chunk i has the rows from i · chunkRows on. After the pass they hold the head's logits, or the gradients of
   * the logits if the loss has overwritten them. The contents of skipped chunks are undefined. A program whose logits are read after it has
   * run must have them among its outputs.
   */
  readonly logits: readonly Value[];
}

/** The rows of a chunk, as params of the loss kernels. */
interface ChunkParams extends RowRange {
  readonly V: number;
  /** 1 if the kernel overwrites the logits with their gradient. */
  readonly has_gradient: number;
}

/**
 * Emits the kernels that write a chunk's losses to `losses` (L), computed from its `logits` (count, V). If something trains, the kernels
 * also overwrite the logits with their gradient, or the function returns a value with that gradient.
 */
type EmitLoss = (values: { readonly logits: Value; readonly losses: Value }, params: ChunkParams) => Value | undefined;

/**
 * Computes the loss of each labelled row without holding all logits at once. The rows are split into chunks. Only the first ⌈labelled /
 * chunkRows⌉ chunks have labelled rows, so the others may be skipped when the program runs. `name` is the loss's name in error messages.
 *
 * The gradient of Σ losses · inverse_tokens is computed together with the losses, while the logits are in memory, so the `dy` passed to
 * `Graph.grad` is ignored.
 */
export function rowLosses(g: Graph, name: string, inputs: RowLossInputs, emitLoss: EmitLoss): RowLosses {
  const { hidden, rows, chunkRows, hasGradient = true } = inputs;
  const L = numel(rows.shape);
  if (!(Number.isInteger(chunkRows) && chunkRows > 0)) {
    throw new WebVeraError('invalid_argument', `chunkRows: expected a positive integer, got ${chunkRows}`);
  }
  const losses = zeros(g, [L]);
  const dh = hasGradient && g.trains(hidden) ? zeros(g, hidden.shape) : undefined;
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
  /** The gradient of `hidden`, to which all chunks write; undefined if `hidden` doesn't train. */
  readonly dh: Value | undefined;
  readonly emitLoss: EmitLoss;
}

/** Computes the losses of some rows, and the gradients of the head and of `hidden` if they train. Returns the rows' logits. */
function emitChunk(
  g: Graph,
  name: string,
  inputs: RowLossInputs,
  range: RowRange,
  { losses, dh, emitLoss }: ChunkWork,
): Value {
  const { hidden, outputs: V, rows, block, into, hasGradient = true } = inputs;
  const own = gatherRows(g, hidden, rows, range);
  if (dh !== undefined) g.train(own);
  const mark = g.tapeLength;
  const logits = inputs.project(own);
  expectShape(`${name} logits`, logits.shape, [range.count, V]);
  const trains = hasGradient && g.trains(logits);
  const dlogits = emitLoss({ logits, losses }, { ...range, V, has_gradient: Number(trains) }) ?? logits;
  if (trains) {
    const gradient = g.gradSince(mark, logits, dlogits, into).get(own);
    if (dh !== undefined && gradient !== undefined) scatterRows(g, { y: gradient, rows, block, x: dh }, range);
  }
  return logits;
}
