import type { ResolvedGenerationConfig } from '../core/types/generation';
import { pinned, type Value } from '../graph/value';
import { GENERATION_BLOCK_WORDS, seenWords } from '../ops/sample';

/** The largest `top_k` that fits into a `GenerationBlock`. No vocabulary has more tokens. */
const MOST_TOP_K = 2 ** 32 - 1;

/** The state of generation between two tokens. The device holds it, and the host only reads the new tokens. */
export interface GenerationState {
  /** u32 (B): each row's last token, which is the next step's input. */
  readonly ids: Value;
  /** u32 (B): the positions of the last tokens. */
  readonly positions: Value;
  /** u32 (B,S): each row's new tokens in order. */
  readonly history: Value;
  /** u32 (B,⌈V/32⌉): the tokens in each row's prompt and new text, one bit for each. */
  readonly seen: Value;
  /** `GenerationBlock` of shaders/lib/generation_block.wgsl, one for each of B rows. */
  readonly block: Value;
}

/** The state for B rows of up to S new tokens with a vocabulary of V. */
export function createGenerationState(B: number, S: number, V: number): GenerationState {
  return {
    ids: pinned('last tokens', [B], 'u32'),
    positions: pinned('last positions', [B], 'u32'),
    history: pinned('new tokens', [B, S], 'u32'),
    seen: pinned('tokens of the texts', [B, seenWords(V)], 'u32'),
    block: pinned('generation blocks', [B, GENERATION_BLOCK_WORDS], 'u32'),
  };
}

/**
 * Packs each row's `GenerationBlock` for the start of generation: row b's prompt has positions 0 … lengths[b] − 1. The seed of row b is the
 * config's seed plus b, so that equal prompts give different texts.
 */
export function packGenerationBlocks(
  config: ResolvedGenerationConfig,
  lengths: readonly number[],
): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * GENERATION_BLOCK_WORDS * lengths.length));
  lengths.forEach((length, row) => {
    const at = 4 * GENERATION_BLOCK_WORDS * row;
    view.setUint32(at, length, true);
    view.setUint32(at + 8, row, true);
    view.setUint32(at + 12, Number(config.do_sample), true);
    view.setBigUint64(at + 16, BigInt(config.seed) + BigInt(row), true);
    view.setUint32(at + 24, Math.min(config.top_k, MOST_TOP_K), true);
    view.setFloat32(at + 28, config.temperature, true);
    view.setFloat32(at + 32, config.top_p, true);
    view.setFloat32(at + 36, config.repetition_penalty, true);
  });
  return view;
}

/** Marks the prompts' tokens, all below V, in the format of `seen`. */
export function packSeen(prompts: readonly (readonly number[])[], V: number): Uint32Array<ArrayBuffer> {
  const words = seenWords(V);
  const seen = new Uint32Array(prompts.length * words);
  prompts.forEach((prompt, row) => {
    const own = seen.subarray(row * words, (row + 1) * words);
    for (const id of prompt) own[id >>> 5] = (own[id >>> 5] ?? 0) | (1 << (id & 31));
  });
  return seen;
}
