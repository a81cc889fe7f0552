import type { Reference } from '../reference';

export const cache_write: Reference = ({ k, v, positions, last, k_cache, v_cache }, { B, T, S, W }) => {
  for (let b = 0; b < B!; b++) {
    for (let t = 0; t < T!; t++) {
      const n = b * T! + t;
      const behind = last![b]! - positions![n]!;
      if (behind < 0 || behind >= S!) continue;
      const entry = (b * S! + (positions![n]! % S!)) * W!;
      for (let w = 0; w < W!; w++) {
        k_cache![entry + w] = k![n * W! + w]!;
        v_cache![entry + w] = v![n * W! + w]!;
      }
    }
  }
};
