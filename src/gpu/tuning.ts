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

interface Result {
  readonly entrant: Entrant;
  /** Milliseconds of one dispatch of each work. */
  readonly best: number[];
}

/** Milliseconds after which nothing more is compiled: drivers take up to seconds for a variant, and can't be stopped. */
const COMPILING = 8000;
/** Milliseconds of measuring in all. */
const MEASURING = 2000;
/** Milliseconds that a sample lasts at least. */
const SAMPLE = 8;
const MOST_REPEATS = 4096;
const ROUNDS = 5;
/** With fewer nothing is decided. */
const LEAST_ROUNDS = 2;
/** Less than this is chance, and the table keeps its say. */
const MARGIN = 0.05;
/** Whoever takes this many times as long at first isn't measured again. */
const HOPELESS = 1.5;

/**
 * The variants that are fastest, by kernel. The table's own gives way only to one that is clearly faster; kernels that time
 * doesn't suffice for are left out. Throws what `signal` is aborted with.
 */
export async function tune(all: readonly Candidates[], lab: Lab, signal: AbortSignal): Promise<Chosen> {
  const chosen: Record<string, string> = {};
  const compiling = new Budget(lab, COMPILING);
  const measuring = new Budget(lab, MEASURING);
  for (const candidates of all) {
    if (measuring.left <= 0) break;
    const entrants: Entrant[] = [];
    try {
      for (const variant of candidates.variants) {
        signal.throwIfAborted();
        if (compiling.left <= 0) break;
        const entrant = await compiling.spend(() => lab.prepare(candidates, variant));
        if (entrant !== undefined) entrants.push(entrant);
        // Without the table's own there is nothing to compare with.
        else if (entrants.length === 0) break;
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
  const [own, ...others] = entrants.map((entrant): Result => ({ entrant, best: [] }));
  if (own === undefined || others.length === 0) return undefined;
  const repeats: number[] = [];
  for (const work of works.keys()) repeats.push(await enough(own, work, budget, signal));
  const cost = ({ best }: Result): number =>
    works.reduce((sum, { dispatches }, work) => sum + dispatches * (best[work] ?? Number.POSITIVE_INFINITY), 0);
  const fastest = (): string => {
    const best = others.reduce((least, other) => (cost(other) < cost(least) ? other : least), own);
    return (cost(best) < (1 - MARGIN) * cost(own) ? best : own).entrant.variant;
  };
  let running = [own, ...others];
  for (let round = 0; round < ROUNDS && running.length > 1; round++) {
    for (const result of running) {
      for (const work of works.keys()) {
        const times = repeats[work] ?? 1;
        const expected = times * (result.best[work] ?? own.best[work] ?? 0);
        if (expected > budget.left) return round < LEAST_ROUNDS ? undefined : fastest();
        await sample(result, work, times, budget, signal);
      }
    }
    running = running.filter((result) => cost(result) <= HOPELESS * cost(own));
  }
  return fastest();
}

/** How often to repeat a dispatch in a sample. */
async function enough(own: Result, work: number, budget: Budget, signal: AbortSignal): Promise<number> {
  for (let times = 1; ; ) {
    const milliseconds = await sample(own, work, times, budget, signal);
    if (milliseconds >= SAMPLE || times >= MOST_REPEATS || budget.left <= 0) return times;
    const more = Math.min(16, (1.2 * SAMPLE) / Math.max(milliseconds, 0.1));
    times = Math.min(MOST_REPEATS, Math.ceil(times * more));
  }
}

/** Milliseconds that it took. */
async function sample(
  { entrant, best }: Result,
  work: number,
  times: number,
  budget: Budget,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const before = budget.left;
  await budget.spend(() => entrant.run(work, times));
  const milliseconds = before - budget.left;
  best[work] = Math.min(best[work] ?? Number.POSITIVE_INFINITY, milliseconds / times);
  return milliseconds;
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
