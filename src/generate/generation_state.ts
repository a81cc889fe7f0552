import type { ResolvedGenerationConfig } from '../core/generation';
import { pinned, type Value } from '../graph/value';

/** What generation keeps on the device between two tokens, so that the host only reads. */
export interface GenerationState {
  /** u32 (B): each row's last token, which the next step takes in. */
  readonly ids: Value;
  /** u32 (B): their positions. */
  readonly positions: Value;
  /** u32 (B,S): each row's new tokens in order. */
  readonly history: Value;
  /** (B) of `GenerationBlock` in shaders/lib/generation_block.wgsl. */
  readonly block: Value;
}

const BLOCK_WORDS = 8;

export function createGenerationState(B: number, S: number): GenerationState {
  return {
    ids: pinned('last tokens', [B], 'u32'),
    positions: pinned('last positions', [B], 'u32'),
    history: pinned('new tokens', [B, S], 'u32'),
    block: pinned('generation blocks', [B, BLOCK_WORDS], 'u32'),
  };
}

/**
 * The blocks as generation begins: row b's prompt lies at positions 0 … lengths[b] − 1. Its seed is the configuration's
 * plus b, so that equal prompts give other texts.
 */
export function packGenerationBlocks(
  config: ResolvedGenerationConfig,
  lengths: readonly number[],
): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * BLOCK_WORDS * lengths.length));
  lengths.forEach((length, row) => {
    const at = 4 * BLOCK_WORDS * row;
    view.setUint32(at, length, true);
    view.setUint32(at + 8, row, true);
    view.setUint32(at + 12, Number(config.do_sample), true);
    view.setBigUint64(at + 16, BigInt(config.seed) + BigInt(row), true);
    view.setUint32(at + 24, config.top_k, true);
    view.setFloat32(at + 28, config.temperature, true);
  });
  return view;
}
