import { bound, type Reference } from '../reference';

/** Returns b ⊙ x of token n, feature c, which is the convolution's input. */
function input(bcx: Float64Array, n: number, c: number, C: number): number {
  return bcx[3 * n * C + c]! * bcx[(3 * n + 2) * C + c]!;
}

/** Calls `visit` for each token n, each token m that n sees, and the factor k by which n takes m. Padding sees no token. */
function eachTap(
  spans: Float64Array,
  { N, T, K }: Readonly<Record<string, number>>,
  visit: (n: number, m: number, k: number) => void,
): void {
  for (let n = 0; n < N!; n++) {
    const t = n % T!;
    for (let k = 0; k < K!; k++) {
      const m = n - (K! - 1 - k);
      if (m >= n - t && spans[2 * n + 1]! > 0 && t < spans[2 * m + 1]!) visit(n, m, k);
    }
  }
}

function convolved(b: Readonly<Record<string, Float64Array>>, p: Readonly<Record<string, number>>): Float64Array {
  const [bcx, weight, C] = [bound(b, 'bcx'), bound(b, 'weight'), p.C!];
  const sums = new Float64Array(p.N! * C);
  eachTap(bound(b, 'spans'), p, (n, m, k) => {
    for (let c = 0; c < C; c++) sums[n * C + c]! += weight[k * C + c]! * input(bcx, m, c, C);
  });
  return sums;
}

export const short_conv: Reference = (b, p) => {
  convolved(b, p).forEach((sum, at) => {
    const [n, c] = [Math.floor(at / p.C!), at % p.C!];
    b.y![at] = b.bcx![(3 * n + 1) * p.C! + c]! * sum;
  });
};

export const short_conv_backward: Reference = (b, p) => {
  const [bcx, dy, dbcx, C] = [bound(b, 'bcx'), bound(b, 'dy'), bound(b, 'dbcx'), p.C!];
  const du = new Float64Array(p.N! * C);
  eachTap(bound(b, 'spans'), p, (n, m, k) => {
    for (let c = 0; c < C; c++) {
      du[m * C + c]! += b.weight![k * C + c]! * dy[n * C + c]! * bcx[(3 * n + 1) * C + c]!;
    }
  });
  convolved(b, p).forEach((sum, at) => {
    const row = 3 * Math.floor(at / C) * C + (at % C);
    dbcx[row] = du[at]! * bcx[row + 2 * C]!;
    dbcx[row + C] = dy[at]! * sum;
    dbcx[row + 2 * C] = du[at]! * bcx[row]!;
  });
};

export const short_conv_weight_backward: Reference = ({ bcx, spans, dy, dweight }, p) => {
  const C = p.C! / p.K!;
  eachTap(spans!, p, (n, m, k) => {
    for (let c = 0; c < C; c++) {
      dweight![k * C + c]! += dy![n * C + c]! * bcx![(3 * n + 1) * C + c]! * input(bcx!, m, c, C);
    }
  });
};

export const short_conv_keep: Reference = ({ bcx, last, state }, { B, T, S, C }) => {
  for (let b = 0; b < B!; b++) {
    for (let s = 0; s < S!; s++) {
      const position = last![b]! - (S! - 1 - s);
      for (let c = 0; c < C!; c++) {
        state![(b * S! + s) * C! + c] = position < 0 ? 0 : input(bcx!, b * T! + position, c, C!);
      }
    }
  }
};

export const short_conv_decode: Reference = ({ bcx, weight, state, y }, { B, S, C }) => {
  for (let b = 0; b < B!; b++) {
    for (let c = 0; c < C!; c++) {
      const inputs = Array.from({ length: S! }, (_, s) => state![(b * S! + s) * C! + c]!);
      inputs.push(input(bcx!, b, c, C!));
      const sum = inputs.reduce((total, u, k) => total + weight![k * C! + c]! * u, 0);
      y![b * C! + c] = bcx![(3 * b + 1) * C! + c]! * sum;
      inputs.slice(1).forEach((u, s) => {
        state![(b * S! + s) * C! + c] = u;
      });
    }
  }
};
