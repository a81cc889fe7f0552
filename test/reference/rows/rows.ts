import type { Reference } from '../reference';
import { readBlock } from './words';

export const gather_rows: Reference = ({ x, rows, y }, { start, count, C }) => {
  for (let i = 0; i < count!; i++) {
    for (let c = 0; c < C!; c++) y![i * C! + c] = x![rows![start! + i]! * C! + c]!;
  }
};

export const scatter_rows: Reference = ({ y, rows, block, x }, { start, count, C }) => {
  const { labelled } = readBlock(block!);
  for (let i = 0; i < count! && start! + i < labelled; i++) {
    for (let c = 0; c < C!; c++) x![rows![start! + i]! * C! + c] = y![i * C! + c]!;
  }
};
