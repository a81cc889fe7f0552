import { WebVeraError } from '../../core/errors/error';
import type { Graph } from '../../graph/graph';
import { byteLength, type JoinedValue, joined, type Value } from '../../graph/value';
import { ALWAYS_BOUND } from './follower';

/** The usual limit on the number of parts in one dispatch. A part is one of the matrix products that the dispatch computes. */
export const MOST_PARTS = 3;

/** Splits items into groups of at most `most` items: each item joins the first group that has room and that it fits into. */
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

/** Several values that lie side by side in one value, `whole`, with the offset of each in `whole`, in elements. */
export interface SideBySide {
  readonly whole: Value;
  readonly starts: readonly number[];
}

/**
 * Joins the values into one value in a single buffer. Returns undefined if there are no values, if they can't share a buffer, or if the
 * joined value exceeds the size that every device can bind. Kernels read the first of `values` from offset 0 on, so the result is also
 * undefined if the joined value begins with another value.
 */
export function sideBySide(g: Graph, values: readonly Value[]): SideBySide | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.length === 1) return { whole: first, starts: [0] };
  const isBound = byteLength(joined('', values)) <= ALWAYS_BOUND;
  const whole = g.wholeOf(values) ?? (isBound ? g.join(values) : undefined);
  if (whole === undefined || startOf(whole, first) !== 0) return undefined;
  return { whole, starts: values.map((value) => startOf(whole, value)) };
}

/** Items whose values share a buffer. */
interface Group<T> {
  readonly items: readonly T[];
  readonly values: SideBySide;
}

/**
 * Groups items so that the gradients of each group share a buffer, as `sideBySide` requires. All items form one group if possible.
 * Otherwise, an item whose gradient is already part of a joined value is a group by itself. The other items form one group if possible;
 * if not, each is a group by itself.
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

/** Joins values of one op into one value. None of them may be part of another joined value yet. */
export function joinAll(g: Graph, values: readonly Value[]): JoinedValue {
  const whole = g.join(values);
  if (whole !== undefined) return whole;
  throw new WebVeraError('internal', `${values.map(({ name }) => name).join(', ')} can't share a buffer`);
}

function startOf({ parts }: JoinedValue, value: Value): number {
  return parts.find((part) => part.value === value)?.offset ?? 0;
}

/** Returns the values to bind for up to three matrix products in one dispatch. The first one's value is bound for missing products, too. */
export function threeValues([first, second = first, third = first]: readonly Value[]): readonly [Value, Value, Value] {
  if (first === undefined || second === undefined || third === undefined) {
    throw new WebVeraError('internal', 'A product has at least one part');
  }
  return [first, second, third];
}

/** Returns the sizes of up to three matrix products in one dispatch: 0 for missing products. */
export function threeSizes([first = 0, second = 0, third = 0]: readonly number[]): readonly [number, number, number] {
  return [first, second, third];
}
