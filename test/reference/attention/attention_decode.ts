import type { Reference } from '../reference';
import { capped } from './capped';

export const attention_decode: Reference = (
  { q, k_cache, v_cache, positions, y },
  { B, S, H, Hkv, D, scale, softcap },
) => {
  for (let b = 0; b < B!; b++) {
    for (let h = 0; h < H!; h++) {
      const query = (b * H! + h) * D!;
      const entry = (j: number): number => ((b * S! + j) * Hkv! + Math.floor((h * Hkv!) / H!)) * D!;
      const entries: number[] = [];
      for (let j = 0; j <= positions![b]! && j < S!; j++) entries.push(j);
      const scores = entries.map((j) => {
        let product = 0;
        for (let d = 0; d < D!; d++) product += q![query + d]! * k_cache![entry(j) + d]!;
        return capped(product * scale!, softcap!);
      });
      const most = scores.reduce((a, s) => Math.max(a, s), Number.NEGATIVE_INFINITY);
      const total = scores.reduce((sum, s) => sum + Math.exp(s - most), 0);
      for (let d = 0; d < D!; d++) {
        y![query + d] = 0;
        entries.forEach((j, i) => {
          y![query + d]! += (Math.exp(scores[i]! - most) / total) * v_cache![entry(j) + d]!;
        });
      }
    }
  }
};
