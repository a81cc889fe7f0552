import { totalOf } from '../../core/numbers/numbers';

/**
 * The number of steps that a browser may acknowledge at the same time, as Firefox does with all steps in flight. Only the mean time of such
 * steps is meaningful.
 */
const BUNCH = 3;
/** The number of recent steps whose mean time is reported: a multiple of `BUNCH`, so that no bunch is split. */
const WINDOW = 6 * BUNCH;

interface TimedStep {
  readonly seconds: number;
  readonly tokens: number;
}

/** Times acknowledged steps, in seconds. */
export class StepClock {
  readonly #steps: TimedStep[] = [];
  readonly #began = performance.now();
  #last = performance.now();

  /** Call it when training starts, or continues after a pause. */
  start(): void {
    this.#last = performance.now();
  }

  /** Records a step. Returns means over recent steps. */
  stepDone(tokens: number): { readonly tokensPerSecond: number; readonly secondsPerStep: number } {
    const now = performance.now();
    this.#steps.push({ seconds: (now - this.#last) / 1000, tokens });
    this.#last = now;
    const steps = this.#steady();
    const bunches = Math.floor(steps.length / BUNCH) * BUNCH;
    const recent = steps.slice(-Math.min(bunches || steps.length, WINDOW));
    const seconds = totalOf(recent, (step) => step.seconds);
    return {
      tokensPerSecond: totalOf(recent, (step) => step.tokens) / seconds,
      secondsPerStep: seconds / recent.length,
    };
  }

  /**
   * Returns a run's times. `step_seconds_median` and `step_seconds_min` are taken from the mean times of all overlapping ranges of `BUNCH`
   * successive steps.
   */
  metrics(): Record<string, number> {
    const steady = this.#steady();
    const length = Math.min(BUNCH, steady.length);
    const means = steady
      .slice(0, steady.length - length + 1)
      .map((_, first) => totalOf(steady.slice(first, first + length), (step) => step.seconds) / length)
      .sort((a, b) => a - b);
    const runtime = (performance.now() - this.#began) / 1000;
    return {
      train_runtime: runtime,
      train_tokens_per_second: totalOf(this.#steps, (step) => step.tokens) / runtime,
      first_step_seconds: this.#steps[0]?.seconds ?? 0,
      step_seconds_median: means[Math.floor(means.length / 2)] ?? 0,
      step_seconds_min: means[0] ?? 0,
    };
  }

  /**
   * Returns the steps without the first bunch, whose time includes compilation. Leaves out fewer steps if less than a bunch would remain.
   */
  #steady(): readonly TimedStep[] {
    return this.#steps.slice(Math.min(Math.max(0, this.#steps.length - BUNCH), BUNCH));
  }
}
