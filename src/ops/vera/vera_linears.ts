import { columnsOfParts } from '../products/linears';
import { defineProduct } from '../products/product';

const operands = { x: 'read', u: 'read', weight0: 'read', weight1: 'read', B: 'read', lambda: 'read' } as const;
const operandFiles = ['left_of_x', 'right_of_two', 'low_of_u'];
const sizes = { N: 'size', K: 'size', R: 'size', M0: 'size', M1: 'size' } as const;
const vectors = { lambda_b0: 'place', lambda_b1: 'place', lambda_d0: 'place', lambda_d1: 'place' } as const;
const access = { lines: 'vec4', left: 'rows', weight: true, fewRows: true, f16: true } as const;
type SizesOfTwo = Readonly<Record<keyof typeof sizes, number>>;
const extent = {
  size: ({ N, K, R, M0, M1 }: SizesOfTwo) => [N, M0 + M1, K + R] as const,
  columns: ({ M0, M1 }: SizesOfTwo) => columnsOfParts([M0, M1]),
};

export const veraSwigluLinearsForward = defineProduct({
  name: 'vera_swiglu_linears',
  bindings: { ...operands, gates: 'write', y: 'write' },
  params: { N: 'size', M: 'size', K: 'size', R: 'size', ...vectors, at_up: 'place' },
  ...access,
  right: 'pairs',
  lowRank: 'pairs',
  ownResult: true,
  libs: [...operandFiles, 'sigmoid', 'result_gated'],
  size: ({ N, M, K, R }) => [N, 2 * M, K + R],
});

export const veraTurnedLinearsForward = defineProduct({
  name: 'vera_turned_linears',
  bindings: { ...operands, turns: 'read', y: 'write' },
  params: { ...sizes, D: 'size', ...vectors, at_y1: 'place' },
  ...access,
  right: 'part_halves',
  lowRank: 'part_halves',
  parts: 'columns',
  ownResult: true,
  libs: [...operandFiles, 'vera_two_layers', 'result_turned'],
  ...extent,
});

export const veraLinearsForward = defineProduct({
  name: 'vera_linears',
  bindings: { ...operands, y0: 'write', y1: 'write' },
  params: { ...sizes, ...vectors },
  ...access,
  right: 'part_rows',
  lowRank: 'part_rows',
  parts: 'columns',
  libs: [...operandFiles, 'vera_two_layers'],
  gated: veraSwigluLinearsForward,
  turned: veraTurnedLinearsForward,
  ...extent,
});
