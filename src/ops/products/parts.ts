import { WebVeraError } from '../../core/errors/error';
import type { Graph, JoinedValue } from '../../graph/graph';
import { byteLength, type JoinedPart, joined, type Value } from '../../graph/value';
import { ALWAYS_BOUND } from './follower';

/** The most parts of a product. */
export const MOST_PARTS = 3;

/** Groups items into groups of at most `most`: each item joins the first group that it fits into. */
export function inParts<T>(
  items: readonly T[],
  fits: (item: T, group: readonly T[]) => boolean,
  most = MOST_PARTS,
): T[][] {
  const groups: T[][] = [];
  for (const item of items) {
    const open = groups.find((group) => group.length < most && fits(item, group));
    if (open === undefined) groups.push([item]);
    else open.push(item);
  }
  return groups;
}

/** The values of several parts as one value, with the offset of each in it, in elements. */
export interface SideBySide {
  readonly whole: Value;
  readonly starts: readonly number[];
}

/**
 * Places the values in one value, of which they are parts. Undefined if there are no values, if they can't share a buffer, or if together
 * they are too large for every device to bind. Also undefined if another value is the first part, because kernels read the first of
 * `values` from 0 on.
 */
export function sideBySide(g: Graph, values: readonly Value[]): SideBySide | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.length === 1) return { whole: first, starts: [0] };
  const isBound = byteLength(joined('', values)) <= ALWAYS_BOUND;
  const whole = g.wholeOf(values) ?? (isBound ? g.join(values) : undefined);
  if (whole === undefined || startOf(whole.parts, first) !== 0) return undefined;
  return { whole, starts: values.map((value) => startOf(whole.parts, value)) };
}

/** Items whose values share a buffer. */
interface Group<T> {
  readonly items: readonly T[];
  readonly values: SideBySide;
}

/**
 * Items in groups whose gradients share a buffer, as `sideBySide` requires. All items form one group if possible. Otherwise those whose
 * gradients are in no buffer yet form a group if possible, and each other item is alone.
 */
export function groupsSideBySide<T>(g: Graph, items: readonly T[], gradientOf: (item: T) => Value): Group<T>[] {
  const together = (some: readonly T[]): Group<T> | undefined => {
    const values = sideBySide(g, some.map(gradientOf));
    return values && { items: some, values };
  };
  const all = together(items);
  if (all !== undefined) return [all];
  const isPlaced = (item: T): boolean => g.wholeOf([gradientOf(item)]) !== undefined;
  const [free, placed] = [items.filter((item) => !isPlaced(item)), items.filter(isPlaced)];
  const joined = together(free);
  const alone = joined === undefined ? [...free, ...placed] : placed;
  return [...(joined === undefined ? [] : [joined]), ...alone.flatMap((item) => together([item]) ?? [])];
}

/** Joins values that belong to one op, and have no place yet. */
export function joinAll(g: Graph, values: readonly Value[]): JoinedValue {
  const whole = g.join(values);
  if (whole !== undefined) return whole;
  throw new WebVeraError('internal', `${values.map(({ name }) => name).join(', ')} can't share a buffer`);
}

function startOf(parts: readonly JoinedPart[], value: Value): number {
  return parts.find((part) => part.value === value)?.offset ?? 0;
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
