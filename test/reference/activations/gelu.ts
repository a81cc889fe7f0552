import { normalCdf, normalDensity } from '../normal';
import type { Reference } from '../reference';

export const gelu: Reference = ({ x, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = x![i]! * normalCdf(x![i]!);
};

export const gelu_backward: Reference = ({ x, dy, dx }, { size }) => {
  for (let i = 0; i < size!; i++) {
    const v = x![i]!;
    dx![i] = dy![i]! * (normalCdf(v) + v * normalDensity(v));
  }
};
