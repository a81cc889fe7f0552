import { ceilDiv, expectShape, numel, rowsAndColumns } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { shaderKernel } from './shader_kernel';

/** The most counting passes over the logits, for top_k. top_p takes about as many passes again, if a request uses it. */
const COUNTS = 16;
/** Words of a `GenerationBlock` of shaders/lib/generation_block.wgsl. */
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
  // The counting passes, and the final pass.
  flops: ({ B, V }) => 60 * B * V,
});

/** The state of B sequences, all u32. */
interface SampleState {
  /** (B): receives the token. */
  readonly ids: Value;
  /** (B): receives its position. */
  readonly positions: Value;
  /** (B·S): also receives the token, at the sequence's `count`; tokens beyond S are dropped. */
  readonly history: Value;
  /** (B·⌈V/32⌉): the tokens of each text, bit v mod 32 of word ⌊v/32⌋. Receives the token; only a penalty reads it. */
  readonly seen: Value;
  /** (B·10): a `GenerationBlock` of shaders/lib/generation_block.wgsl for each sequence. */
  readonly block: Value;
}

/** Words of a sequence in `SampleState.seen`. */
export function seenWords(V: number): number {
  return ceilDiv(V, 32);
}

/**
 * Chooses the next token of each sequence from its row of logits (≥ B, V), which a penalty changes in place, and advances the block:
 * position and count increase by one, and the row becomes the sequence's row in a decoding step. Decoding therefore needs no data from the
 * host.
 *
 * The noise of a draw depends only on seed, position and token: the same seed gives the same text, in any sequence.
 */
export function sample(g: Graph, logits: Value, state: SampleState): void {
  const { columns: V } = rowsAndColumns(logits.shape);
  const B = numel(state.ids.shape);
  expectShape('sample positions', state.positions.shape, state.ids.shape);
  expectShape('sample block', [numel(state.block.shape)], [GENERATION_BLOCK_WORDS * B]);
  expectShape('sample seen', [numel(state.seen.shape)], [seenWords(V) * B]);
  g.emit(sampleKernel, { logits, ...state }, {}, { B, V, S: numel(state.history.shape) / B });
}
