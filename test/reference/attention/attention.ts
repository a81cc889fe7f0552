import type { Reference } from '../reference';
import { capped } from './capped';

type Arrays = Parameters<Reference>[0];
type Sizes = Parameters<Reference>[1];

/** Returns the offset of a head's D numbers in the row of a token. */
const rowOf = (token: number, head: number, heads: number, D: number): number => (token * heads + head) * D;

/** Returns the positions of the keys that the query at position t of row b attends to. */
function visible(spans: Float64Array, { T, window, causal }: Sizes, b: number, t: number): number[] {
  return Array.from({ length: T! }, (_, j) => j).filter((j) => {
    const [begin, end] = [spans[2 * (b * T! + j)]!, spans[2 * (b * T! + j) + 1]!];
    return t < end && (causal ? j <= t : t >= begin) && Math.abs(t - j) < window!;
  });
}

function dot(a: Float64Array, at: number, b: Float64Array, bt: number, D: number): number {
  let total = 0;
  for (let d = 0; d < D; d++) total += a[at + d]! * b[bt + d]!;
  return total;
}

function forEachQuery(
  { B, T, H, Hkv, D }: Sizes,
  body: (at: { b: number; t: number; query: number; stats: number; kv: (j: number) => number }) => void,
): void {
  for (let b = 0; b < B!; b++) {
    for (let h = 0; h < H!; h++) {
      const group = Math.floor((h * Hkv!) / H!);
      for (let t = 0; t < T!; t++) {
        const query = rowOf(b * T! + t, h, H!, D!);
        body({ b, t, query, stats: (b * H! + h) * T! + t, kv: (j) => rowOf(b * T! + j, group, Hkv!, D!) });
      }
    }
  }
}

export const attention: Reference = ({ q, k, v, spans, y, L }, sizes) => {
  const { D, scale, softcap } = sizes;
  forEachQuery(sizes, ({ b, t, query, stats, kv }) => {
    const keys = visible(spans!, sizes, b, t);
    const scores = keys.map((j) => capped(scale! * dot(q!, query, k!, kv(j), D!), softcap!));
    const most = Math.max(...scores);
    const total = scores.reduce((sum, s) => sum + Math.exp(s - most), 0);
    L![stats] = keys.length === 0 ? 1e30 : most + Math.log(total);
    for (let d = 0; d < D!; d++) {
      y![query + d] = 0;
      keys.forEach((j, i) => {
        y![query + d]! += (Math.exp(scores[i]! - most) / total) * v![kv(j) + d]!;
      });
    }
  });
};

/** Returns, for each visible key of a query, the probability P and the gradient dS of the score, from the log-sum-exp L and y · dy. */
function gradients(
  { q, k, v, spans, saved, dy }: Arrays,
  sizes: Sizes,
  b: number,
  t: number,
  query: number,
  stats: number,
  kv: (j: number) => number,
) {
  const { D, scale, softcap, at_L, at_products } = sizes;
  return visible(spans!, sizes, b, t).map((j) => {
    const score = capped(scale! * dot(q!, query, k!, kv(j), D!), softcap!);
    const P = Math.exp(score - saved![at_L! + stats]!);
    const slope = softcap === 0 ? 1 : 1 - (score / softcap!) ** 2;
    return { j, P, dS: P * (dot(dy!, query, v!, kv(j), D!) - saved![at_products! + stats]!) * slope };
  });
}

export const attention_backward: Reference = (arrays, sizes) => {
  const { x, x_values, z, z_values, spans, turns, saved, gradients: made } = arrays;
  const { D, at_products, at_dx, at_dx_values, is_turned } = sizes;
  if (sizes.of_keys === 0) {
    forEachQuery(sizes, ({ query, stats }) => {
      saved![at_products! + stats] = dot(saved!, query, x_values!, query, D!);
    });
    const dq = made!.subarray(at_dx!, at_dx! + x!.length);
    backwardOfQueries({ q: x!, dy: x_values!, k: z!, v: z_values!, spans: spans!, saved: saved!, dq }, sizes);
    if (is_turned !== 0) turnBack(dq, turns!, sizes, sizes.H!);
  } else {
    const dk = made!.subarray(at_dx!, at_dx! + x!.length);
    const dv = made!.subarray(at_dx_values!, at_dx_values! + x_values!.length);
    backwardOfKeys({ k: x!, v: x_values!, q: z!, dy: z_values!, spans: spans!, saved: saved!, dk, dv }, sizes);
    if (is_turned !== 0) turnBack(dk, turns!, sizes, sizes.Hkv!);
  }
};

/** Undoes the rotary embedding in a gradient: rotates each head's halves back by the angles of the token. */
function turnBack(dx: Float64Array, turns: Float64Array, { B, T, D }: Sizes, heads: number): void {
  const half = D! / 2;
  for (let row = 0; row < B! * T! * heads; row++) {
    for (let j = 0; j < half; j++) {
      const angle = Math.floor(row / heads) * D! + j;
      const [cos, sin] = [turns[angle]!, turns[angle + half]!];
      const [lower, upper] = [dx[row * D! + j]!, dx[row * D! + half + j]!];
      dx[row * D! + j] = lower * cos + upper * sin;
      dx[row * D! + half + j] = upper * cos - lower * sin;
    }
  }
}

const backwardOfQueries: Reference = (arrays, sizes) => {
  const { D, scale } = sizes;
  const { k, dq } = arrays;
  forEachQuery(sizes, ({ b, t, query, stats, kv }) => {
    for (let d = 0; d < D!; d++) dq![query + d] = 0;
    for (const { j, dS } of gradients(arrays, sizes, b, t, query, stats, kv)) {
      for (let d = 0; d < D!; d++) dq![query + d]! += scale! * dS * k![kv(j) + d]!;
    }
  });
};

const backwardOfKeys: Reference = (arrays, sizes) => {
  const { D, scale } = sizes;
  const { q, dy, dk, dv } = arrays;
  dk!.fill(0);
  dv!.fill(0);
  forEachQuery(sizes, ({ b, t, query, stats, kv }) => {
    for (const { j, P, dS } of gradients(arrays, sizes, b, t, query, stats, kv)) {
      for (let d = 0; d < D!; d++) {
        dv![kv(j) + d]! += P * dy![query + d]!;
        dk![kv(j) + d]! += scale! * dS * q![query + d]!;
      }
    }
  });
};

export const attention_pad: Reference = ({ x, y }, { rows, from_columns, to_columns, fill }) => {
  for (let r = 0; r < rows!; r++) {
    for (let c = 0; c < to_columns!; c++) {
      y![r * to_columns! + c] = c < from_columns! ? x![r * from_columns! + c]! : c === from_columns ? fill! : 0;
    }
  }
};

export const alibi_keys: Reference = ({ k, table, positions, y }, { N, H, from_columns, to_columns }) => {
  for (let row = 0; row < N! * H!; row++) {
    const bias = table![positions![Math.floor(row / H!)]! * H! + (row % H!)]!;
    for (let c = 0; c < to_columns!; c++) {
      y![row * to_columns! + c] = c < from_columns! ? k![row * from_columns! + c]! : c === from_columns ? bias : 0;
    }
  }
};
