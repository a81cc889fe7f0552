import type { Sized } from '../../src/graph/work';
import { sizesOf, workOf } from './kernel_sizes';

/** Dispatches with equal work, and the median time of one of them alone. */
export interface Timed extends Sized {
  readonly variant: string;
  /** Dispatches in a step. */
  readonly dispatches: number;
  /** Seconds of one dispatch. */
  readonly seconds: number;
  /** Bytes of all dispatches, by `bytesOf`. */
  readonly bytes: number;
}

/** Dispatches of a step by one kernel and variant, of similar sizes. */
export interface KernelShare {
  readonly kernel: string;
  readonly variant: string;
  /** Sizes of the largest dispatch, in the order of the kernel's record: rows, columns and inner size for most products. */
  readonly sizes: readonly number[];
  /** Whether some dispatches are smaller. */
  readonly mixed: boolean;
  /** Dispatches in a step. */
  readonly dispatches: number;
  /** Seconds of all dispatches, each measured alone. */
  readonly seconds: number;
  /** `seconds` divided by the step's own time. */
  readonly share: number;
  /** Bytes that the dispatches read and write at least. */
  readonly bytes: number;
  readonly flops: number;
  readonly flopsPerSecond: number;
}

/** Dispatches of one line differ in their work at most by this factor. */
const MOST_DIFFERENCE = 4;

/** One line for each kernel and variant in similar sizes, the longest time first. `stepSeconds`: the step's own time. */
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
