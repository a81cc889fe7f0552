import type { Reference } from '../reference';
import { geluTanh, geluTanhSlope } from './gelu_tanh';

export const geglu: Reference = ({ gate, up, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = geluTanh(gate![i]!) * up![i]!;
};

export const geglu_backward: Reference = ({ gate, up, dy, d_gate, d_up }, { size }) => {
  for (let i = 0; i < size!; i++) {
    d_gate![i] = dy![i]! * up![i]! * geluTanhSlope(gate![i]!);
    d_up![i] = dy![i]! * geluTanh(gate![i]!);
  }
};
