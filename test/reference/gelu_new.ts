import type { Reference } from './reference';

const tanhOf = (x: number): number => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

export const gelu_new: Reference = ({ x, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = 0.5 * x![i]! * (1 + tanhOf(x![i]!));
};

export const gelu_new_backward: Reference = ({ x, dy, dx }, { size }) => {
  for (let i = 0; i < size!; i++) {
    const v = x![i]!;
    const tanh = tanhOf(v);
    const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * v ** 2);
    dx![i] = dy![i]! * (0.5 * (1 + tanh) + 0.5 * v * (1 - tanh ** 2) * inner);
  }
};
