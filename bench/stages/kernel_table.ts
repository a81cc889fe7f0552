import type { Sized } from '../../src/graph/work';
import { sizesOf, workOf } from './kernel_sizes';

/** A group of dispatches with equal work, and the median time of one of them, run alone. */
export interface Timed extends Sized {
  readonly variant: string;
  /** The number of dispatches in the group. */
  readonly dispatches: number;
  /** Seconds of one dispatch. */
  readonly seconds: number;
  /** The sum of `bytesOf` over the group's dispatches. */
  readonly bytes: number;
}

/** The dispatches in a step that run one kernel and variant with similar sizes. */
export interface KernelShare {
  readonly kernel: string;
  readonly variant: string;
  /** Sizes of the largest dispatch, in the kernel's order: rows, columns and inner size for most matrix products. */
  readonly sizes: readonly number[];
  /** Whether some dispatches have smaller sizes than `sizes`. */
  readonly mixed: boolean;
  /** The number of dispatches of this kernel, variant and size in a step. */
  readonly dispatches: number;
  /** The sum of the dispatches' seconds, each measured alone. */
  readonly seconds: number;
  /** `seconds` as a fraction of the time that the whole training step, or a generated token, takes. */
  readonly share: number;
  /** The least number of bytes that the dispatches must read and write. */
  readonly bytes: number;
  readonly flops: number;
  readonly flopsPerSecond: number;
}

/** The largest factor by which the dispatches of one entry may differ in their work. */
const MOST_DIFFERENCE = 4;

/** Returns one entry for each kernel and variant with similar sizes, the longest time first. Shares are fractions of `stepSeconds`. */
export function kernelTable(timed: readonly Timed[], stepSeconds: number): KernelShare[] {
  const groups: Timed[][] = [];
  for (const one of timed.toSorted((a, b) => workOf(b) - workOf(a))) {
    const group = groups.find(([largest]) => largest !== undefined && belongs(one, largest));
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups.map((group) => shareOf(group, stepSeconds)).toSorted((a, b) => b.seconds - a.seconds);
}

function belongs(one: Timed, largest: Timed): boolean {
  const same = one.kernel.name === largest.kernel.name && one.variant === largest.variant;
  return same && workOf(largest) <= MOST_DIFFERENCE * workOf(one);
}

function shareOf(group: readonly Timed[], stepSeconds: number): KernelShare {
  const [largest] = group as readonly [Timed, ...Timed[]];
  const sum = (of: (one: Timed) => number): number => group.reduce((total, one) => total + one.dispatches * of(one), 0);
  const sizes = sizesOf(largest);
  const seconds = sum((one) => one.seconds);
  const flops = sum(({ kernel, params }) => kernel.flops(params));
  return {
    kernel: largest.kernel.name,
    variant: largest.variant,
    sizes,
    mixed: group.some((one) => `${sizesOf(one)}` !== `${sizes}` || workOf(one) !== workOf(largest)),
    dispatches: sum(() => 1),
    seconds,
    share: seconds / stepSeconds,
    bytes: group.reduce((total, { bytes }) => total + bytes, 0),
    flops,
    flopsPerSecond: flops / seconds,
  };
}
