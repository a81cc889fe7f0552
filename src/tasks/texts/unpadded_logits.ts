import type { IdTensor, Tensor } from '../../core/types/tensor';

/** Logits of a padded batch, (B·T, V), without those of the padding: (B, length, V). */
export function unpaddedLogits(data: Float32Array, { dims: [B, length] }: IdTensor, T: number, V: number): Tensor {
  const dims = [B, length, V];
  if (length === T) return { dims, data: data.slice(0, B * T * V) };
  const cut = new Float32Array(B * length * V);
  for (let row = 0; row < B; row++) {
    cut.set(data.subarray(row * T * V, (row * T + length) * V), row * length * V);
  }
  return { dims, data: cut };
}
