import type { Reference } from '../reference';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const silu: Reference = ({ x, y }, { size, slope }) => {
  for (let i = 0; i < size!; i++) y![i] = x![i]! * sigmoid(slope! * x![i]!);
};

export const silu_backward: Reference = ({ x, dy, dx }, { size, slope }) => {
  for (let i = 0; i < size!; i++) {
    const z = slope! * x![i]!;
    const s = sigmoid(z);
    dx![i] = dy![i]! * s * (1 + z * (1 - s));
  }
};
