import type { Pooling } from '../../core/pooling/pooling';
import type { Head, ImageSizes } from '../../models/architecture';
import type { BatchShape } from '../task/task_batches';
import { type PooledTokens, poolingWeights } from './pooling_weights';

const POOLINGS: Readonly<Partial<Record<Head['reads'], Pooling>>> = {
  'image and patches': { modes: ['first', 'mean'], normalize: false },
  patches: { modes: ['mean'], normalize: false },
};

/** Returns the pooling for a head that reads an image's patches; undefined for other heads. */
export function imagePooling({ reads }: Pick<Head, 'reads'>): Pooling | undefined {
  return POOLINGS[reads];
}

/** Returns the weights for the pooling of an image head, in the form of `poolingWeights`. The mode 'mean' averages only the patches. */
export function imageWeights(shape: BatchShape, image: ImageSizes, { modes }: Pooling): Float32Array<ArrayBuffer> {
  const tokens = withoutRegisters(shape, image);
  const { length } = tokens.attention_mask;
  const weights = new Float32Array(modes.length * length);
  for (const [k, mode] of modes.entries()) {
    weights.set(poolingWeights(tokens, [mode], mode === 'mean' ? (image.classTokens ?? 1) : 0), k * length);
  }
  return weights;
}

/** Returns the tokens of B images. The mask is 0 for registers, which come first in each image. */
export function withoutRegisters({ B, T }: BatchShape, { registers = 0 }: ImageSizes): PooledTokens {
  return { B, T, attention_mask: Uint8Array.from({ length: B * T }, (_, token) => Number(token % T >= registers)) };
}
