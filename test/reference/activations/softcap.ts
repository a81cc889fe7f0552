import type { Reference } from '../reference';

export const softcap: Reference = ({ x, y }, { size, cap }) => {
  for (let i = 0; i < size!; i++) y![i] = cap! * Math.tanh(x![i]! / cap!);
};

export const softcap_backward: Reference = ({ x, dy, dx }, { size, cap }) => {
  for (let i = 0; i < size!; i++) dx![i] = dy![i]! * (1 - Math.tanh(x![i]! / cap!) ** 2);
};
