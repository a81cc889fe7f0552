import { median } from '../core/median';
import type { Candidates } from './candidates';
import type { Chosen } from './choice';

/** A variant that is ready to be measured. */
export interface Entrant {
  readonly variant: string;
  /** Does one of the candidates' works `times` times, and resolves once that is done. */
  run(work: number, times: number): Promise<void>;
  release(): void;
}

/** Where variants are measured. */
export interface Lab {
  /** Milliseconds. */
  now(): number;
  /** Compiles a variant, and runs it once. Undefined where the device can't. */
  prepare(candidates: Candidates, variant: string): Promise<Entrant | undefined>;
}

/** How one of the works is measured. */
interface Plan {
  /** In a step. */
  readonly dispatches: number;
  /** In a sample. */
  readonly times: number;
  /** Milliseconds of a sample. */
  readonly expected: number;
}

interface Result {
  readonly entrant: Entrant;
  /** Of each work, in milliseconds. */
  readonly samples: readonly number[][];
}

/** Milliseconds after which nothing more is compiled: drivers take up to seconds for a variant, and can't be stopped. */
const COMPILING = 8000;
/** Milliseconds of measuring in all: no sample begins that wouldn't end by then. */
const MEASURING = 2000;
/** Milliseconds that a sample lasts at least. */
const SAMPLE = 8;
const MOST_REPEATS = 4096;
const ROUNDS = 5;
/** With fewer nothing is decided. */
const LEAST_ROUNDS = 2;
/** Less than this is chance, and the table keeps its say. */
const MARGIN = 0.05;
/** Whoever takes this many times as long isn't measured again: after one round, and after more. */
const HOPELESS = { once: 4, again: 1.5 };

/**
 * The variants that are fastest, by kernel. The table's own gives way only to one that is clearly faster; kernels that time
 * doesn't suffice for are left out. Throws what `signal` is aborted with.
 */
export async function tune(all: readonly Candidates[], lab: Lab, signal: AbortSignal): Promise<Chosen> {
  const chosen: Record<string, string> = {};
  const compiling = new Budget(lab, COMPILING);
  const measuring = new Budget(lab, MEASURING);
  for (const candidates of all) {
    if (measuring.left <= 0 || compiling.left <= 0) break;
    const entrants: Entrant[] = [];
    try {
      for (const [index, variant] of candidates.variants.entries()) {
        signal.throwIfAborted();
        if (compiling.left <= 0) break;
        const prepare = (): Promise<Entrant | undefined> => lab.prepare(candidates, variant);
        // The table's own is needed anyway.
        const entrant = await (index === 0 ? prepare() : compiling.spend(prepare));
        if (entrant !== undefined) entrants.push(entrant);
        // Without it there is nothing to compare with.
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

/** Measures in turns, so that whatever else the machine does meets all. Undefined where time runs out. */
async function compare(
  { works }: Candidates,
  entrants: readonly Entrant[],
  budget: Budget,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [own, ...others] = entrants.map((entrant): Result => ({ entrant, samples: works.map(() => []) }));
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

function fastest(own: Result, running: readonly Result[], plans: readonly Plan[]): string {
  const best = running.reduce((a, b) => (cost(b, plans, least) < cost(a, plans, least) ? b : a), own);
  // Where a machine is busy with something else, samples are lucky and unlucky by turns: both have to tell the same.
  const isClear = [least, median].every((of) => cost(best, plans, of) < (1 - MARGIN) * cost(own, plans, of));
  return (isClear ? best : own).entrant.variant;
}

/** Milliseconds that a step spends in the kernel, but for its lesser works. */
function cost({ samples }: Result, plans: readonly Plan[], of: (numbers: readonly number[]) => number): number {
  return plans.reduce((sum, { dispatches, times }, work) => sum + (dispatches / times) * of(samples[work] ?? []), 0);
}

function least(numbers: readonly number[]): number {
  return Math.min(...numbers);
}

/** How often to repeat a dispatch in a sample, and how long that takes. */
async function enough(
  own: Entrant,
  work: number,
  budget: Budget,
  signal: AbortSignal,
): Promise<Pick<Plan, 'times' | 'expected'>> {
  for (let times = 1; ; ) {
    const expected = await sample(own, work, times, budget, signal);
    if (expected >= SAMPLE || times >= MOST_REPEATS || budget.left <= 0) return { times, expected };
    const more = Math.min(16, (1.2 * SAMPLE) / Math.max(expected, 0.1));
    times = Math.min(MOST_REPEATS, Math.ceil(times * more));
  }
}

/** Milliseconds that it took. */
async function sample(
  entrant: Entrant,
  work: number,
  times: number,
  budget: Budget,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const before = budget.left;
  await budget.spend(() => entrant.run(work, times));
  return before - budget.left;
}

/** Milliseconds that something may take in all. */
class Budget {
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
