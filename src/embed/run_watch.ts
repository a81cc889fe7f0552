import type { PauseReason, StepLogs, TrainOutput, TrainRun } from '../index';
import type { Recovered } from '../parts/words';

interface RunListener {
  onBegin(): void;
  onLog(logs: StepLogs): void;
  onPause(paused: boolean): void;
  onRecovered(): void;
  /** However it ended. */
  onEnd(): void;
  onOutput(output: TrainOutput): void;
  onError(error: unknown): void;
}

/** Follows the one run that there is. */
export class RunWatch {
  readonly #listener: RunListener;
  #run: TrainRun | undefined;
  #paused: PauseReason | undefined;
  #recovered: Recovered | undefined;

  constructor(listener: RunListener) {
    this.#listener = listener;
  }

  get run(): TrainRun | undefined {
    return this.#run;
  }

  /** Why it stands still. */
  get paused(): PauseReason | undefined {
    return this.#paused;
  }

  /** The last time that it went back, if it did. */
  get recovered(): Recovered | undefined {
    return this.#recovered;
  }

  /** Hears a run out, however often it is called for it. */
  async follow(run: TrainRun): Promise<void> {
    if (this.#run === run) return;
    this.drop();
    this.#run = run;
    this.#listener.onBegin();
    try {
      for await (const event of run) {
        if (this.#run !== run) return;
        if (event.type === 'log') this.#listener.onLog(event.logs);
        if (event.type === 'paused' || event.type === 'resumed') {
          this.#paused = event.type === 'paused' ? event.reason : undefined;
          this.#listener.onPause(event.type === 'paused');
        }
        if (event.type === 'recovered') {
          this.#recovered = event;
          this.#listener.onRecovered();
        }
      }
      const output = await run;
      if (this.#run !== run) return;
      this.drop();
      this.#listener.onEnd();
      this.#listener.onOutput(output);
    } catch (error) {
      if (this.#run !== run) return;
      this.drop();
      this.#listener.onEnd();
      this.#listener.onError(error);
    }
  }

  /** Hears no more of it. */
  drop(): void {
    this.#run = undefined;
    this.#paused = undefined;
    this.#recovered = undefined;
  }
}
