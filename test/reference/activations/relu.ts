import type { Reference } from '../reference';

export const relu: Reference = ({ x, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = Math.max(x![i]!, 0);
};

export const relu_backward: Reference = ({ y, dy, dx }, { size }) => {
  for (let i = 0; i < size!; i++) dx![i] = y![i]! > 0 ? dy![i]! : 0;
};
