import type { Reference } from './reference';

export const copy: Reference = ({ source, destination }, { size, offset }) => {
  for (let i = 0; i < size!; i++) destination![offset! + i] = source![i]!;
};
