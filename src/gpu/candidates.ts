import type { Step } from '../graph/graph';
import { totalFlops, workKey } from '../graph/work';
import { chooseVariant, eligibleVariants, isForFewRows, isWorthMeasuring } from './choice';
import type { DeviceInfo } from './device';

/** Dispatches that do the same. */
interface Work {
  readonly step: Step;
  readonly dispatches: number;
}

/** The variants that a kernel could run as, and what to measure them with. */
export interface Candidates {
  readonly kernel: string;
  /** Those with most of its operations. */
  readonly works: readonly Work[];
  /** At least two; the table's own comes first. */
  readonly variants: readonly string[];
}

interface Kind {
  readonly step: Step;
  flops: number;
  dispatches: number;
}

/** Kernels times variants. */
const MOST_CANDIDATES = 12;
const MOST_WORKS = 2;
/** Of a program's operations: what a kernel with less could save isn't worth compiling for. */
const LEAST_SHARE = 0.02;

/** What there is to choose from where these steps run, beginning with the kernel that has most of the operations. */
export function candidatesFor(steps: readonly Step[], info: DeviceInfo): Candidates[] {
  const kernels = new Map<string, Kind[]>();
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

/** Records of one name are one kernel, and go by one choice. */
function count(step: Step, kernels: Map<string, Kind[]>): void {
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

function flopsOf(kinds: readonly Kind[]): number {
  return kinds.reduce((sum, { flops }) => sum + flops, 0);
}

/** The largest, of those that the table gives the same variant as the very largest. */
function largestWorks(kinds: readonly Kind[], info: DeviceInfo): Kind[] {
  const [largest, ...others] = kinds.toSorted((a, b) => b.flops - a.flops);
  if (largest === undefined) return [];
  const own = ({ step }: Kind): string => chooseVariant(step, info).name;
  return [largest, ...others.filter((other) => own(other) === own(largest))].slice(0, MOST_WORKS);
}

/** The variants that are eligible for all of the works, the table's own first. */
function variantsOf(works: readonly Kind[], info: DeviceInfo): string[] {
  const [largest] = works;
  if (largest === undefined) return [];
  const own = chooseVariant(largest.step, info).name;
  const [first = new Set<string>(), ...rest] = works.map(
    ({ step }) => new Set(eligibleVariants(step, info).map(({ name }) => name)),
  );
  const others = [...first].filter((name) => name !== own && !isForFewRows(name) && isWorthMeasuring(name, info));
  return [own, ...others.filter((name) => rest.every((names) => names.has(name)))];
}
