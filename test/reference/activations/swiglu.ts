import type { Reference } from '../reference';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const swiglu: Reference = ({ gate, up, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = gate![i]! * sigmoid(gate![i]!) * up![i]!;
};

export const swiglu_linears: Reference = ({ x, weight0, weight1, gates, y }, { N, K, M, stride, at_up }) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      const product = (weight: Float64Array): number => {
        let total = 0;
        for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight[m * stride! + k]!;
        return total;
      };
      const at = n * M! + m;
      const [gate, up] = [product(weight0!), product(weight1!)];
      gates![at] = gate;
      gates![at_up! + at] = up;
      y![at] = gate * sigmoid(gate) * up;
    }
  }
};

export const swiglu_linear_backward: Reference = (
  { dy, weight, du, A, gate, up, d_gate, d_up },
  { N, K, M, R, stride },
) => {
  for (let n = 0; n < N!; n++) {
    for (let k = 0; k < K!; k++) {
      let dx = 0;
      for (let j = 0; j < R!; j++) dx += du![n * R! + j]! * A![j * stride! + k]!;
      for (let m = 0; m < M!; m++) dx += dy![n * M! + m]! * weight![m * K! + k]!;
      const at = n * K! + k;
      const s = sigmoid(gate![at]!);
      d_gate![at] = dx * up![at]! * s * (1 + gate![at]! * (1 - s));
      d_up![at] = dx * gate![at]! * s;
    }
  }
};

export const swiglu_backward: Reference = ({ gate, up, dy, d_gate, d_up }, { size }) => {
  for (let i = 0; i < size!; i++) {
    const s = sigmoid(gate![i]!);
    d_gate![i] = dy![i]! * up![i]! * s * (1 + gate![i]! * (1 - s));
    d_up![i] = dy![i]! * gate![i]! * s;
  }
};
