import { median } from '../../core/numbers/median';
import type { Candidates } from './candidates';
import type { ChosenVariants } from './choice';

/** A compiled variant that can be measured. */
export interface Entrant {
  readonly variant: string;
  /** Runs the dispatches `candidates.works[work]` `times` times, and resolves once they are finished. */
  run(work: number, times: number): Promise<void>;
  release(): void;
}

/** The environment in which variants are compiled and measured. */
export interface Lab {
  /** The current time in milliseconds. */
  now(): number;
  /** Compiles a variant and runs it once. Undefined if the device can't load the variant. */
  prepare(candidates: Candidates, variant: string): Promise<Entrant | undefined>;
}

/** The plan for measuring one group of equal dispatches. */
interface Plan {
  /** The number of the group's dispatches in one training step. */
  readonly dispatches: number;
  /** The number of the group's dispatches in one sample. */
  readonly times: number;
  /** The duration of a sample with the default variant, in milliseconds. */
  readonly expected: number;
}

interface EntrantSamples {
  readonly entrant: Entrant;
  /** The durations of the samples in milliseconds, one list for each group of equal dispatches. */
  readonly samples: readonly number[][];
}

/**
 * The time for compiling all variants, in milliseconds: no variant is started after it. Drivers may need seconds for one variant and can't
 * be stopped.
 */
const COMPILING = 8000;
/** The time for measuring all variants, in milliseconds: a sample that would exceed it isn't started. */
const MEASURING = 2000;
/** The shortest sample, in milliseconds. */
const SAMPLE = 8;
const MOST_REPEATS = 4096;
const ROUNDS = 5;
/** If time runs out before this many rounds, the default variant is used. */
const LEAST_ROUNDS = 2;
/** The share of time that a variant must save to replace the default one: smaller differences may be chance. */
const MARGIN = 0.05;
/**
 * A variant is dropped if it takes this many times as long as the default one: `once` after the first round, `again` after later rounds.
 */
const HOPELESS = { once: 4, again: 1.5 };

/**
 * Finds the fastest variant of each kernel. A variant replaces the default one only if it is clearly faster. Kernels that were not measured
 * in time are left out. Throws `signal.reason` if the signal is aborted.
 */
export async function tune(all: readonly Candidates[], lab: Lab, signal: AbortSignal): Promise<ChosenVariants> {
  const chosen: Record<string, string> = {};
  const compiling = new TimeBudget(lab, COMPILING);
  const measuring = new TimeBudget(lab, MEASURING);
  for (const candidates of all) {
    if (measuring.left <= 0 || compiling.left <= 0) break;
    const entrants: Entrant[] = [];
    try {
      for (const [index, variant] of candidates.variants.entries()) {
        signal.throwIfAborted();
        if (compiling.left <= 0) break;
        const prepare = (): Promise<Entrant | undefined> => lab.prepare(candidates, variant);
        // The default variant must be compiled anyway, so its time doesn't count.
        const entrant = await (index === 0 ? prepare() : compiling.spend(prepare));
        if (entrant !== undefined) entrants.push(entrant);
        // Without the default variant, no comparison is possible.
        else if (index === 0) break;
      }
      const winner = await compare(candidates, entrants, measuring, signal);
      if (winner !== undefined) chosen[candidates.kernel] = winner;
    } finally {
      for (const entrant of entrants) entrant.release();
    }
  }
  return chosen;
}

/**
 * Measures the variants in turns, so that other load on the machine affects all of them. Returns the fastest variant, or undefined if time
 * runs out too early or only one variant could be compiled.
 */
async function compare(
  { works }: Candidates,
  entrants: readonly Entrant[],
  budget: TimeBudget,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [own, ...others] = entrants.map((entrant): EntrantSamples => ({ entrant, samples: works.map(() => []) }));
  if (own === undefined || others.length === 0) return undefined;
  const plans: Plan[] = [];
  for (const { dispatches } of works) {
    plans.push({ dispatches, ...(await enough(own.entrant, plans.length, budget, signal)) });
  }
  let running = [own, ...others];
  for (let round = 0; round < ROUNDS && running.length > 1; round++) {
    for (const { entrant, samples } of running) {
      for (const [work, { times, expected }] of plans.entries()) {
        const known = samples[work] ?? [];
        if ((known.length > 0 ? least(known) : expected) > budget.left) {
          return round < LEAST_ROUNDS ? undefined : fastest(own, running, plans);
        }
        known.push(await sample(entrant, work, times, budget, signal));
      }
    }
    const most = (round === 0 ? HOPELESS.once : HOPELESS.again) * cost(own, plans, least);
    running = running.filter((result) => cost(result, plans, least) <= most);
  }
  return fastest(own, running, plans);
}

function fastest(own: EntrantSamples, running: readonly EntrantSamples[], plans: readonly Plan[]): string {
  const best = running.reduce((a, b) => (cost(b, plans, least) < cost(a, plans, least) ? b : a), own);
  // Other work on the device disturbs single measurements, so a kernel must be faster by both the minimum and the median.
  const isClear = [least, median].every((of) => cost(best, plans, of) < (1 - MARGIN) * cost(own, plans, of));
  return (isClear ? best : own).entrant.variant;
}

/** Returns the milliseconds that the kernel's measured dispatches take in one training step. */
function cost({ samples }: EntrantSamples, plans: readonly Plan[], of: (numbers: readonly number[]) => number): number {
  return plans.reduce((sum, { dispatches, times }, work) => sum + (dispatches / times) * of(samples[work] ?? []), 0);
}

function least(numbers: readonly number[]): number {
  return Math.min(...numbers);
}

/** Finds the number of repetitions that makes a sample long enough, and the duration of that sample. */
async function enough(
  own: Entrant,
  work: number,
  budget: TimeBudget,
  signal: AbortSignal,
): Promise<Pick<Plan, 'times' | 'expected'>> {
  for (let times = 1; ; ) {
    const expected = await sample(own, work, times, budget, signal);
    if (expected >= SAMPLE || times >= MOST_REPEATS || budget.left <= 0) return { times, expected };
    const more = Math.min(16, (1.2 * SAMPLE) / Math.max(expected, 0.1));
    times = Math.min(MOST_REPEATS, Math.ceil(times * more));
  }
}

async function sample(
  entrant: Entrant,
  work: number,
  times: number,
  budget: TimeBudget,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const before = budget.left;
  await budget.spend(() => entrant.run(work, times));
  return before - budget.left;
}

/** A limited amount of time, in milliseconds. */
class TimeBudget {
  readonly #lab: Lab;
  #left: number;

  constructor(lab: Lab, milliseconds: number) {
    this.#lab = lab;
    this.#left = milliseconds;
  }

  get left(): number {
    return this.#left;
  }

  async spend<T>(body: () => Promise<T>): Promise<T> {
    const start = this.#lab.now();
    try {
      return await body();
    } finally {
      this.#left -= this.#lab.now() - start;
    }
  }
}
