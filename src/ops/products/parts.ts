import { WebVeraError } from '../../core/errors/error';
import type { Value } from '../../graph/value';

/** Most parts of a product. */
const MOST_PARTS = 3;

/** Groups items, at most as many as a product has parts: each item joins the first group that it fits into. */
export function inParts<T>(items: readonly T[], fits: (item: T, group: readonly T[]) => boolean): T[][] {
  const groups: T[][] = [];
  for (const item of items) {
    const open = groups.find((group) => group.length < MOST_PARTS && fits(item, group));
    if (open === undefined) groups.push([item]);
    else open.push(item);
  }
  return groups;
}

/** What each part binds. For a part that isn't there, the first one's value is bound. */
export function threeValues([first, second = first, third = first]: readonly Value[]): readonly [Value, Value, Value] {
  if (first === undefined || second === undefined || third === undefined) {
    throw new WebVeraError('internal', 'A product has at least one part');
  }
  return [first, second, third];
}

/** Sizes of the parts: 0 for those that aren't there. */
export function threeSizes([first = 0, second = 0, third = 0]: readonly number[]): readonly [number, number, number] {
  return [first, second, third];
}
