import type { Reference } from '../reference';

const HIGH_BIT = 2 ** 31;

export const unilora_matrices: Reference = ({ vector, indices, into }, { size, scale, scale_more }) => {
  for (let i = 0; i < size!; i++) {
    const index = indices![i]!;
    into![i] = vector![index % HIGH_BIT]! * (index >= HIGH_BIT ? scale_more! : scale!);
  }
};

export const unilora_matrices_backward: Reference = ({ d_into, uses, grads }, { C, each, scale, scale_more }) => {
  for (let j = 0; j < C!; j++) {
    const [first, end] = [uses![j]!, uses![j + 1]!];
    let sum = 0;
    for (let at = first; at < end; at++) sum += d_into![uses![C! + 1 + at]!]!;
    grads![j]! += sum * (end - first > each! ? scale_more! : scale!);
  }
};
