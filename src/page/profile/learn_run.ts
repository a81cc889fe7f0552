import type { PauseReason, TrainEvent, TrainerState, TrainOutput } from '../../core/training';
import { Replay } from '../replay';
import type { TrainRun } from '../train_run';

const BEFORE: TrainerState = { global_step: 0, max_steps: 0, epoch: 0, log_history: [] };

/**
 * A run with a beginning and an end of its own: what it does around the training run that it follows. It stands still while
 * there is a reason to, whoever has it.
 */
export class LearnRun implements TrainRun {
  readonly #events = new Replay<TrainEvent>();
  readonly #output: Promise<TrainOutput>;
  readonly #reasons = new Set<PauseReason>();
  readonly #waiting = new Set<() => void>();
  /** Why it stands still; kept until it goes on. */
  #cause: PauseReason = 'user';
  #inner: TrainRun | undefined;
  #stopped: { save?: boolean } | undefined;

  constructor(body: (run: LearnRun) => Promise<TrainOutput>) {
    this.#output = Promise.resolve().then(() => body(this));
    this.#output.then(
      () => this.#events.close(),
      (error: unknown) => this.#events.fail(error), // so an abandoned run raises no unhandled rejection
    );
  }

  get state(): TrainerState {
    return this.#inner?.state ?? BEFORE;
  }

  pause(): Promise<void> {
    return this.pauseFor('user');
  }

  resume(): Promise<void> {
    return this.resumeFor('user');
  }

  async stop(options: { save?: boolean } = {}): Promise<TrainOutput> {
    this.#stopped = options;
    this.#wake();
    await this.#inner?.stop(options);
    return this.#output;
  }

  async pauseFor(reason: PauseReason): Promise<void> {
    const running = this.#reasons.size === 0;
    this.#reasons.add(reason);
    if (!running) return;
    this.#cause = reason;
    await this.#inner?.pause();
  }

  async resumeFor(reason: PauseReason): Promise<void> {
    if (!this.#reasons.delete(reason) || this.#reasons.size > 0) return;
    this.#wake();
    await this.#inner?.resume();
  }

  /** Resolves once nothing keeps it from going on. Rejects with `signal.reason`. */
  async free(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (this.#reasons.size > 0 && this.#stopped === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    signal.throwIfAborted();
  }

  /** Passes a training run's events on, and what is asked of this one to it. */
  async follow(inner: TrainRun): Promise<TrainOutput> {
    this.#inner = inner;
    if (this.#stopped !== undefined)
      inner.stop(this.#stopped).catch(() => {}); // its output tells
    else if (this.#reasons.size > 0) inner.pause().catch(() => {});
    for await (const event of inner) {
      const isOurs = (event.type === 'paused' || event.type === 'resumed') && event.reason === 'user';
      this.#events.push(isOurs ? { ...event, reason: this.#cause } : event);
    }
    return inner;
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its output
  then<A = TrainOutput, B = never>(
    onOutput?: ((output: TrainOutput) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#output.then(onOutput, onError);
  }

  [Symbol.asyncIterator](): AsyncIterator<TrainEvent> {
    return this.#events[Symbol.asyncIterator]();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
