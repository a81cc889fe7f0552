import type { Reference } from '../reference';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const swiglu: Reference = ({ gate, up, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = gate![i]! * sigmoid(gate![i]!) * up![i]!;
};

export const swiglu_backward: Reference = ({ gate, up, dy, d_gate, d_up }, { size }) => {
  for (let i = 0; i < size!; i++) {
    const s = sigmoid(gate![i]!);
    d_gate![i] = dy![i]! * up![i]! * s * (1 + gate![i]! * (1 - s));
    d_up![i] = dy![i]! * gate![i]! * s;
  }
};
