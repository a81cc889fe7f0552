import { WebVeraError } from '../errors/error';

export type Shape = readonly number[];

export function numel(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Splits a shape into its last dimension and the product of all dimensions before it. */
export function rowsAndColumns(shape: Shape): { readonly rows: number; readonly columns: number } {
  const columns = shape.at(-1) ?? 1;
  return { rows: columns === 0 ? 0 : numel(shape) / columns, columns };
}

export function formatShape(shape: Shape): string {
  return `(${shape.join(', ')})`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, index) => size === b[index]);
}

/** Throws `invalid_argument` unless the shapes are equal. */
export function expectShape(what: string, actual: Shape, expected: Shape): void {
  if (sameShape(actual, expected)) return;
  throw new WebVeraError('invalid_argument', `${what}: expected ${formatShape(expected)}, got ${formatShape(actual)}`, {
    hint: 'Do the weights belong to this config.json?',
    detail: { expected, actual },
  });
}

export function ceilDiv(a: number, b: number): number {
  return Math.ceil(a / b);
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
