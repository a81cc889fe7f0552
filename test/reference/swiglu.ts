import type { Reference } from './reference';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const swiglu: Reference = ({ gate, up, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = gate![i]! * sigmoid(gate![i]!) * up![i]!;
};

export const swiglu_backward: Reference = ({ gate, up, dy, sum_gate, sum_up, d_gate, d_up }, p) => {
  for (let i = 0; i < p.size!; i++) {
    const s = sigmoid(gate![i]!);
    d_gate![i] = (p.has_sum_gate ? sum_gate![i]! : 0) + dy![i]! * up![i]! * s * (1 + gate![i]! * (1 - s));
    d_up![i] = (p.has_sum_up ? sum_up![i]! : 0) + dy![i]! * gate![i]! * s;
  }
};
