import type { Reference } from '../reference';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const quick_gelu: Reference = ({ x, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = x![i]! * sigmoid(1.702 * x![i]!);
};

export const quick_gelu_backward: Reference = ({ x, dy, dx }, { size }) => {
  for (let i = 0; i < size!; i++) {
    const s = sigmoid(1.702 * x![i]!);
    dx![i] = dy![i]! * s * (1 + 1.702 * x![i]! * (1 - s));
  }
};
