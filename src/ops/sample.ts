import { ceilDiv, expectShape, numel, rowsAndColumns } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { shaderKernel } from './shader_kernel';

/** The largest number of passes over the logits for top_k. top_p takes about as many passes again, if a request uses it. */
const COUNTS = 16;
/** The number of 32-bit words in a `GenerationBlock` of shaders/lib/generation_block.wgsl. */
export const GENERATION_BLOCK_WORDS = 10;

const parts = ['sample', 'generation_block', 'sample_search', 'philox', 'gumbel', 'is_finite'];

export const sampleKernel = shaderKernel({
  name: 'sample',
  bindings: {
    logits: 'update',
    block: 'update',
    ids: 'update',
    positions: 'update',
    history: 'update',
    seen: 'update',
  },
  params: { B: 'size', V: 'size', S: 'size' },
  variants: [
    { name: 'workgroup', wgsl: [...parts, 'sample_workgroup'], workgroups: ({ B }) => [B] },
    {
      name: 'serial',
      wgsl: [...parts, 'sample_serial'],
      workgroups: ({ B }) => [ceilDiv(B, 4)],
      turns: ({ V }) => COUNTS * V,
    },
  ],
  // An estimate for the passes of the searches for top_k and top_p, and for the final pass.
  flops: ({ B, V }) => 60 * B * V,
});

/** The state of B sequences, all u32. */
interface SampleState {
  /** (B): receives the chosen token of each sequence. */
  readonly ids: Value;
  /** (B): receives the position of the chosen token. */
  readonly positions: Value;
  /** (B·S): also receives the chosen token, at the index `count` of the sequence. Tokens beyond S are dropped. */
  readonly history: Value;
  /**
   * (B·⌈V/32⌉): the set of tokens in each text: token v is bit v mod 32 of word ⌊v/32⌋. The chosen token is added; only a penalty reads the
   * set.
   */
  readonly seen: Value;
  /** (B·10): a `GenerationBlock` of shaders/lib/generation_block.wgsl for each sequence. */
  readonly block: Value;
}

/** Returns the number of words that a sequence has in `SampleState.seen`. */
export function seenWords(V: number): number {
  return ceilDiv(V, 32);
}

/**
 * Chooses the next token of each sequence from its row of logits (≥ B, V), which a penalty changes in place, and advances the block:
 * position and count increase by one, and `row` becomes the row of logits that the sequence has in a decoding step. Decoding therefore
 * needs no data from the host.
 *
 * The noise of a draw depends only on seed, position and token: the same seed gives the same text, whatever the sequence's index is.
 */
export function sample(g: Graph, logits: Value, state: SampleState): void {
  const { columns: V } = rowsAndColumns(logits.shape);
  const B = numel(state.ids.shape);
  expectShape('sample positions', state.positions.shape, state.ids.shape);
  expectShape('sample block', [numel(state.block.shape)], [GENERATION_BLOCK_WORDS * B]);
  expectShape('sample seen', [numel(state.seen.shape)], [seenWords(V) * B]);
  g.emit(sampleKernel, { logits, ...state }, {}, { B, V, S: numel(state.history.shape) / B });
}
