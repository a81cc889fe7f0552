import { WebVeraError } from '../../core/errors/error';
import type { Value } from '../../graph/value';

/** The most parts of a product. */
const MOST_PARTS = 3;

/** Groups items into groups of at most `MOST_PARTS`: each item joins the first group that it fits into. */
export function inParts<T>(items: readonly T[], fits: (item: T, group: readonly T[]) => boolean): T[][] {
  const groups: T[][] = [];
  for (const item of items) {
    const open = groups.find((group) => group.length < MOST_PARTS && fits(item, group));
    if (open === undefined) groups.push([item]);
    else open.push(item);
  }
  return groups;
}

/** The bindings of three parts. Missing parts bind the first one's value. */
export function threeValues([first, second = first, third = first]: readonly Value[]): readonly [Value, Value, Value] {
  if (first === undefined || second === undefined || third === undefined) {
    throw new WebVeraError('internal', 'A product has at least one part');
  }
  return [first, second, third];
}

/** The sizes of three parts: 0 for missing parts. */
export function threeSizes([first = 0, second = 0, third = 0]: readonly number[]): readonly [number, number, number] {
  return [first, second, third];
}
