import type { Reference } from '../reference';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const silu: Reference = ({ x, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = x![i]! * sigmoid(x![i]!);
};

export const silu_backward: Reference = ({ x, dy, dx }, { size }) => {
  for (let i = 0; i < size!; i++) {
    const s = sigmoid(x![i]!);
    dx![i] = dy![i]! * s * (1 + x![i]! * (1 - s));
  }
};
