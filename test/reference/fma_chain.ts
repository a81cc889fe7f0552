import type { Reference } from './reference';

export const fma_chain: Reference = ({ x, y }, { rounds, a, b }) => {
  x!.forEach((value, i) => {
    let v = value;
    for (let step = 0; step < 4 * rounds!; step++) v = a! * v + b!;
    y![i] = v;
  });
};
