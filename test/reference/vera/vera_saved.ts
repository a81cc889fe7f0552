import type { Reference } from '../reference';

export const vera_saved: Reference = (
  { u, B, lambda, residual, w, z },
  { N, M, R, lambda_b, lambda_d, has_residual },
) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += u![n * R! + j]! * lambda![lambda_d! + j]! * B![m * R! + j]!;
      w![n * M! + m] = low;
      z![n * M! + m] = lambda![lambda_b! + m]! * low + (has_residual ? residual![n * M! + m]! : 0);
    }
  }
};

export const vera_saved_backward: Reference = (
  { dy, B, lambda, sum, dv, du },
  { N, M, R, lambda_b, lambda_d, has_sum },
) => {
  for (let n = 0; n < N!; n++) {
    for (let j = 0; j < R!; j++) {
      let total = 0;
      for (let m = 0; m < M!; m++) total += dy![n * M! + m]! * lambda![lambda_b! + m]! * B![m * R! + j]!;
      dv![n * R! + j] = total;
      du![n * R! + j] = lambda![lambda_d! + j]! * total + (has_sum ? sum![n * R! + j]! : 0);
    }
  }
};

/** Kernels may divide each sum into several partial sums. Here the first is the whole sum, and the others stay 0. */
export const vera_saved_sums: Reference = ({ dy, w, dv, u, partials }, { N, M, R, partial_b, partial_d }) => {
  const dots = (a: Float64Array, b: Float64Array, columns: number, into: number): void => {
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let n = 0; n < N!; n++) sum += a[n * columns + c]! * b[n * columns + c]!;
      partials![into + c] = sum;
    }
  };
  dots(dy!, w!, M!, partial_b!);
  dots(dv!, u!, R!, partial_d!);
};
