import type { Reference } from '../reference';

type Arrays = Parameters<Reference>[0];
type Sizes = Parameters<Reference>[1];

/** Returns the vector of the adapter that token n uses. */
function vectorOf({ table, which }: Arrays, { C, T, vector_at, stride }: Sizes, n: number): Float64Array {
  const start = which![Math.floor(n / T!)]! * stride! + vector_at!;
  return table!.subarray(start, start + C!);
}

export const mixed_scale: Reference = (b, p) => {
  const { N, C, has_sum } = p;
  for (let n = 0; n < N!; n++) {
    const vector = vectorOf(b, p, n);
    for (let c = 0; c < C!; c++) {
      const at = n * C! + c;
      b.y![at] = vector[c]! * b.x![at]! + (has_sum ? b.sum![at]! : 0);
    }
  }
};

export const mixed_scale_backward: Reference = (b, p) => {
  const { N, C, T, partial, slice, has_dx, has_sum } = p;
  const slices = Math.ceil(T! / slice!);
  b.partials!.fill(0, partial!, partial! + (N! / T!) * slices * C!);
  for (let n = 0; n < N!; n++) {
    const vector = vectorOf(b, p, n);
    const line = Math.floor(n / T!) * slices + Math.floor((n % T!) / slice!);
    for (let c = 0; c < C!; c++) {
      const at = n * C! + c;
      b.partials![partial! + line * C! + c]! += b.dy![at]! * b.x![at]!;
      if (has_dx) b.dx![at] = vector[c]! * b.dy![at]! + (has_sum ? b.sum![at]! : 0);
    }
  }
};

/** Returns the sizes for each of the two or three results of `mixed_scales`. Each result has its own vector, at the offset `vector_at`. */
const vectorsOf = ({ results, ...sizes }: Sizes) =>
  [0, 1, 2].slice(0, results).map((i) => ({ i, sizes: { ...sizes, vector_at: sizes[`vector_at${i}`]! } }));

export const mixed_scales: Reference = (b, p) => {
  for (const { i, sizes } of vectorsOf(p)) mixed_scale({ ...b, y: b[`y${i}`]! }, { ...sizes, has_sum: 0 });
};

export const mixed_scales_backward: Reference = (b, p) => {
  const { has_dx } = p;
  for (const { i, sizes } of vectorsOf(p)) {
    const given = { ...b, dy: b[`dy${i}`]!, sum: b.dx! };
    mixed_scale_backward(given, { ...sizes, partial: p[`partial${i}`]!, has_dx: has_dx!, has_sum: Number(i > 0) });
  }
};

export const mixed_sums: Reference = ({ partials, vectors, which, scales, grads }, { count, rows, stride }) => {
  for (let v = 0; v < count!; v++) {
    const [at, length, slices, offset] = vectors!.subarray(4 * v, 4 * v + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    for (let row = 0; row < rows!; row++) {
      const adapter = which![row]!;
      for (let sum = 0; sum < slices * length; sum++) {
        const place = adapter * stride! + offset + (sum % length);
        grads![place]! += scales![adapter]! * partials![at + row * slices * length + sum]!;
      }
    }
  }
};

export const mixed_up: Reference = (b, p) => {
  const { N, M, R } = p;
  for (let n = 0; n < N!; n++) {
    const vector = vectorOf(b, { ...p, C: M! }, n);
    for (let m = 0; m < M!; m++) {
      let product = 0;
      for (let j = 0; j < R!; j++) product += b.v![n * R! + j]! * b.B![m * R! + j]!;
      b.w![n * M! + m] = product;
      b.z![n * M! + m] = vector[m]! * product + b.y![n * M! + m]!;
    }
  }
};
