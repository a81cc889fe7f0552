import { groupBy } from '../../core/input/group_by';
import type { Step } from '../../graph/step';
import { totalFlops, workKey } from '../../graph/work';
import type { DeviceInfo } from '../device_host';
import { chooseVariant, eligibleVariants, isForFewRows, isWorthMeasuring } from './choice';

/** Equal dispatches of one kernel: each takes the same time. */
interface KernelWork {
  readonly step: Step;
  readonly dispatches: number;
}

/** The variants of a kernel that are worth measuring, and the dispatches with which they are measured. */
export interface Candidates {
  readonly kernel: string;
  /** The groups of equal dispatches with the most operations. */
  readonly works: readonly KernelWork[];
  /** The names of at least two variants. The variant of the default table comes first. */
  readonly variants: readonly string[];
}

/** The largest number of variants to measure, over all kernels. */
const MOST_CANDIDATES = 15;
const MOST_WORKS = 2;
/** Kernels with a smaller share of the program's operations aren't worth the time to compile their variants. */
const LEAST_SHARE = 0.02;

/** The candidates among the kernels of these steps, the kernels with the most operations first. */
export function candidatesFor(steps: readonly Step[], info: DeviceInfo): Candidates[] {
  const measured = steps.filter((step) => !isForFewRows(chooseVariant(step, info).name));
  // Kernels with the same name count as one, because a variant is chosen by the kernel's name.
  const kernels = [...groupBy(measured, ({ kernel }) => kernel.name)];
  const all = totalFlops(steps);
  const found: Candidates[] = [];
  let left = MOST_CANDIDATES;
  for (const [kernel, own] of kernels.toSorted(([, a], [, b]) => totalFlops(b) - totalFlops(a))) {
    if (totalFlops(own) < LEAST_SHARE * all) break;
    const works = largestWorks(own, info);
    const variants = variantsOf(works, info).slice(0, left);
    if (variants.length < 2) continue;
    found.push({ kernel, works, variants });
    left -= variants.length;
  }
  return found;
}

/** Returns the largest group of equal dispatches, and the next largest ones for which the default table picks the same variant. */
function largestWorks(steps: readonly Step[], info: DeviceInfo): KernelWork[] {
  const groups = [...groupBy(steps, ({ kernel }) => kernel).values()].flatMap((own) => [
    ...groupBy(own, workKey).values(),
  ]);
  const [largest, ...others] = groups
    .toSorted((a, b) => totalFlops(b) - totalFlops(a))
    .flatMap((group) => group.slice(0, 1).map((step): KernelWork => ({ step, dispatches: group.length })));
  if (largest === undefined) return [];
  const own = ({ step }: KernelWork): string => chooseVariant(step, info).name;
  return [largest, ...others.filter((other) => own(other) === own(largest))].slice(0, MOST_WORKS);
}

/** Returns the variants that are eligible for all of the groups. The variant of the default table comes first. */
function variantsOf(works: readonly KernelWork[], info: DeviceInfo): string[] {
  const [largest] = works;
  if (largest === undefined) return [];
  const own = chooseVariant(largest.step, info).name;
  const [first = new Set<string>(), ...rest] = works.map(
    ({ step }) => new Set(eligibleVariants(step, info).map(({ name }) => name)),
  );
  const others = [...first].filter((name) => name !== own && !isForFewRows(name) && isWorthMeasuring(name, info));
  return [own, ...others.filter((name) => rest.every((names) => names.has(name)))];
}
