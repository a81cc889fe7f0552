import type { Reference } from '../reference';

export const repeat_heads: Reference = ({ x, y }, { rows, D, times }) => {
  for (let row = 0; row < rows! * times!; row++) {
    for (let c = 0; c < D!; c++) y![row * D! + c] = x![Math.floor(row / times!) * D! + c]!;
  }
};

export const repeat_heads_backward: Reference = ({ dy, dx }, { rows, D, times }) => {
  dx!.fill(0);
  for (let row = 0; row < rows! * times!; row++) {
    for (let c = 0; c < D!; c++) dx![Math.floor(row / times!) * D! + c]! += dy![row * D! + c]!;
  }
};
