/** The edge of the squares that are transposed one after the other, so that both matrices stay in the CPU's cache. */
const BLOCK = 32;

/** Transposes a (rows, columns) matrix; both matrices are row-major. */
export function transpose<T extends Float32Array | Uint16Array>(source: T, rows: number, columns: number): T {
  const target = source.slice();
  for (let top = 0; top < rows; top += BLOCK) {
    const bottom = Math.min(top + BLOCK, rows);
    for (let left = 0; left < columns; left += BLOCK) {
      const right = Math.min(left + BLOCK, columns);
      for (let column = left; column < right; column++) {
        for (let row = top; row < bottom; row++) target[column * rows + row] = source[row * columns + column] ?? 0;
      }
    }
  }
  return target as T;
}
