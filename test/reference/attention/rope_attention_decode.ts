import type { Reference } from '../reference';
import { rope } from '../rope';
import { attention_decode } from './attention_decode';
import { cache_write } from './cache_write';

export const rope_attention_decode: Reference = (arrays, sizes) => {
  const { q, k, v, table, positions, k_cache, v_cache, y } = arrays;
  const { B, S, H, Hkv, D } = sizes;
  const [turned_q, turned_k] = [new Float64Array(q!.length), new Float64Array(k!.length)];
  const rotated = { q: q!, k: k!, table: table!, positions: positions!, turned_q, turned_k };
  rope(rotated, { N: B!, C_q: H! * D!, C_k: Hkv! * D!, D: D!, direction: 1 });
  const written = { k: turned_k, v: v!, positions: positions!, last: positions!, k_cache: k_cache!, v_cache: v_cache! };
  cache_write(written, { B: B!, T: 1, S: S!, W: Hkv! * D! });
  attention_decode({ q: turned_q, k_cache: k_cache!, v_cache: v_cache!, positions: positions!, y: y! }, sizes);
};
