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

interface CountedWork {
  readonly step: Step;
  flops: number;
  dispatches: number;
}

/** The largest number of variants to measure, over all kernels. */
const MOST_CANDIDATES = 15;
const MOST_WORKS = 2;
/** Kernels with a smaller share of the program's operations aren't worth the time to compile their variants. */
const LEAST_SHARE = 0.02;

/** The candidates among the kernels of these steps, the kernels with the most operations first. */
export function candidatesFor(steps: readonly Step[], info: DeviceInfo): Candidates[] {
  const kernels = new Map<string, CountedWork[]>();
  for (const step of steps) {
    if (!isForFewRows(chooseVariant(step, info).name)) count(step, kernels);
  }
  const all = totalFlops(steps);
  const found: Candidates[] = [];
  let left = MOST_CANDIDATES;
  for (const [kernel, kinds] of [...kernels].toSorted(([, a], [, b]) => flopsOf(b) - flopsOf(a))) {
    if (flopsOf(kinds) < LEAST_SHARE * all) break;
    const works = largestWorks(kinds, info);
    const variants = variantsOf(works, info).slice(0, left);
    if (variants.length < 2) continue;
    found.push({ kernel, works, variants });
    left -= variants.length;
  }
  return found;
}

/**
 * Adds a step to its kernel's groups of equal dispatches. Kernels with the same name count as one, because a variant is chosen by the
 * kernel's name.
 */
function count(step: Step, kernels: Map<string, CountedWork[]>): void {
  const { kernel, params } = step;
  const kinds = kernels.get(kernel.name) ?? [];
  const key = workKey(step);
  let kind = kinds.find((other) => other.step.kernel === kernel && workKey(other.step) === key);
  if (kind === undefined) {
    kind = { step, flops: 0, dispatches: 0 };
    kernels.set(kernel.name, [...kinds, kind]);
  }
  kind.flops += kernel.flops(params);
  kind.dispatches += 1;
}

function flopsOf(kinds: readonly CountedWork[]): number {
  return kinds.reduce((sum, { flops }) => sum + flops, 0);
}

/** Returns the largest group of dispatches, and the next largest ones for which the default table picks the same variant. */
function largestWorks(kinds: readonly CountedWork[], info: DeviceInfo): CountedWork[] {
  const [largest, ...others] = kinds.toSorted((a, b) => b.flops - a.flops);
  if (largest === undefined) return [];
  const own = ({ step }: CountedWork): string => chooseVariant(step, info).name;
  return [largest, ...others.filter((other) => own(other) === own(largest))].slice(0, MOST_WORKS);
}

/** Returns the variants that are eligible for all of the groups. The variant of the default table comes first. */
function variantsOf(works: readonly CountedWork[], info: DeviceInfo): string[] {
  const [largest] = works;
  if (largest === undefined) return [];
  const own = chooseVariant(largest.step, info).name;
  const [first = new Set<string>(), ...rest] = works.map(
    ({ step }) => new Set(eligibleVariants(step, info).map(({ name }) => name)),
  );
  const others = [...first].filter((name) => name !== own && !isForFewRows(name) && isWorthMeasuring(name, info));
  return [own, ...others.filter((name) => rest.every((names) => names.has(name)))];
}
