import type { ResolvedGenerationConfig } from '../core/generation';
import { pinned, type Value } from '../graph/value';

/** What generation keeps on the device between two tokens, so that the host only reads. */
export interface GenerationState {
  /** u32 (1): the last token, which the next step takes in. */
  readonly ids: Value;
  /** u32 (1): its position. */
  readonly positions: Value;
  /** u32 (S): the new tokens in order. */
  readonly history: Value;
  /** `GenerationBlock` of shaders/lib/generation_block.wgsl. */
  readonly block: Value;
}

export function createGenerationState(S: number): GenerationState {
  return {
    ids: pinned('last token', [1], 'u32'),
    positions: pinned('last position', [1], 'u32'),
    history: pinned('new tokens', [S], 'u32'),
    block: pinned('generation block', [8], 'u32'),
  };
}

/** The block as generation begins: the prompt's `length` tokens lie at positions 0 … length − 1. */
export function packGenerationBlock(config: ResolvedGenerationConfig, length: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, length, true);
  view.setUint32(12, Number(config.do_sample), true);
  view.setUint32(16, config.seed % 2 ** 32, true);
  view.setUint32(20, Math.floor(config.seed / 2 ** 32), true);
  view.setUint32(24, config.top_k, true);
  view.setFloat32(28, config.temperature, true);
  return view;
}
