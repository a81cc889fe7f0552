import type { Reference } from './reference';

export const fill: Reference = ({ y }, { size, value }) => {
  y!.fill(value!, 0, size!);
};

export const clear: Reference = ({ y }, { size }) => {
  y!.fill(0, 0, size!);
};
