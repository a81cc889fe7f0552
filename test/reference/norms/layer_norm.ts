import type { Reference } from '../reference';

export const layer_norm: Reference = ({ x, weight, bias, y, mean, rstd }, { N, C, eps, has_bias }) => {
  for (let n = 0; n < N!; n++) {
    const row = x!.subarray(n * C!, (n + 1) * C!);
    const m = row.reduce((sum, v) => sum + v, 0) / C!;
    const r = 1 / Math.sqrt(row.reduce((sum, v) => sum + (v - m) ** 2, 0) / C! + eps!);
    mean![n] = m;
    rstd![n] = r;
    row.forEach((v, c) => {
      y![n * C! + c] = (v - m) * r * weight![c]! + (has_bias ? bias![c]! : 0);
    });
  }
};

export const layer_norm_backward: Reference = ({ x, weight, mean, rstd, dy, sum, dx }, { N, C, has_sum }) => {
  for (let n = 0; n < N!; n++) {
    const h = (c: number) => dy![n * C! + c]! * weight![c]!;
    const normal = (c: number) => (x![n * C! + c]! - mean![n]!) * rstd![n]!;
    let meanH = 0;
    let meanProduct = 0;
    for (let c = 0; c < C!; c++) {
      meanH += h(c) / C!;
      meanProduct += (h(c) * normal(c)) / C!;
    }
    for (let c = 0; c < C!; c++) {
      const i = n * C! + c;
      dx![i] = (has_sum ? sum![i]! : 0) + rstd![n]! * (h(c) - meanH - normal(c) * meanProduct);
    }
  }
};

export const layer_norm_weight_backward: Reference = ({ x, mean, rstd, dy, dweight, dbias }, { N, C }) => {
  for (let n = 0; n < N!; n++) {
    for (let c = 0; c < C!; c++) {
      const i = n * C! + c;
      dweight![c]! += dy![i]! * (x![i]! - mean![n]!) * rstd![n]!;
      dbias![c]! += dy![i]!;
    }
  }
};
