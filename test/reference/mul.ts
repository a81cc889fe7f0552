import type { Reference } from './reference';

export const mul: Reference = ({ a, b, y }, { size }) => {
  for (let i = 0; i < size!; i++) y![i] = a![i]! * b![i]!;
};
