/** Recent steps tell the rate; older ones may have been slower or faster. */
const WINDOW = 20;

/** Times acknowledged steps, in seconds. The first one compiles and isn't counted in rates. */
export class StepClock {
  readonly #seconds: number[] = [];
  readonly #began = performance.now();
  #tokens = 0;
  #last = performance.now();

  /** Training starts, or goes on after a pause. */
  start(): void {
    this.#last = performance.now();
  }

  stepDone(tokens: number): { readonly tokensPerSecond: number; readonly secondsPerStep: number } {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    this.#seconds.push(seconds);
    this.#tokens += tokens;
    const recent = this.#steady().slice(-WINDOW);
    const secondsPerStep = recent.reduce((sum, value) => sum + value, 0) / recent.length;
    return { tokensPerSecond: tokens / seconds, secondsPerStep };
  }

  metrics(): Record<string, number> {
    const sorted = this.#steady().toSorted((a, b) => a - b);
    const runtime = (performance.now() - this.#began) / 1000;
    return {
      train_runtime: runtime,
      train_tokens_per_second: this.#tokens / runtime,
      first_step_seconds: this.#seconds[0] ?? 0,
      step_seconds_median: sorted[Math.floor(sorted.length / 2)] ?? 0,
      step_seconds_min: sorted[0] ?? 0,
    };
  }

  #steady(): readonly number[] {
    return this.#seconds.length > 1 ? this.#seconds.slice(1) : this.#seconds;
  }
}
