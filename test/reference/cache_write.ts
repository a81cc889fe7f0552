import type { Reference } from './reference';

export const cache_write: Reference = ({ x, positions, cache }, { B, T, S, W }) => {
  for (let b = 0; b < B!; b++) {
    for (let t = 0; t < T!; t++) {
      const n = b * T! + t;
      if (positions![n]! >= S!) continue;
      for (let w = 0; w < W!; w++) cache![(b * S! + positions![n]!) * W! + w] = x![n * W! + w]!;
    }
  }
};
