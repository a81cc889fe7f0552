import type { Reference } from '../reference';
import { geluTanh, geluTanhSlope } from './gelu_tanh';

export const gelu_new: Reference = ({ x, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = geluTanh(x![i]!);
};

export const gelu_new_backward: Reference = ({ x, dy, dx }, { size }) => {
  for (let i = 0; i < size!; i++) dx![i] = dy![i]! * geluTanhSlope(x![i]!);
};
