import type { Sized } from '../../src/graph/work';
import { sizesOf, workOf } from './kernel_sizes';

/** Dispatches that do equal work, and the median time of one alone. */
export interface Timed extends Sized {
  readonly variant: string;
  /** In a step. */
  readonly dispatches: number;
  /** Of one. */
  readonly seconds: number;
  /** Of all of them, as `bytesOf` counts. */
  readonly bytes: number;
}

/** Dispatches of a step by one kernel and variant, of sizes that don't differ much. */
export interface KernelShare {
  readonly kernel: string;
  readonly variant: string;
  /** Of the largest one, in the order of the kernel's record: rows, columns and inner size for most products. */
  readonly sizes: readonly number[];
  /** Whether there are smaller ones among them. */
  readonly mixed: boolean;
  /** In a step. */
  readonly dispatches: number;
  /** Of all of them, each measured alone. */
  readonly seconds: number;
  /** `seconds` in the step's own time. */
  readonly share: number;
  /** That they read and write at least. */
  readonly bytes: number;
  readonly flops: number;
  readonly flopsPerSecond: number;
}

/** Those whose work differs more than that stand in lines of their own. */
const MUCH = 4;

/** Lines by kernel, variant and size, the longest first. `stepSeconds`: the step's own time. */
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
  return same && workOf(largest) <= MUCH * workOf(one);
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
