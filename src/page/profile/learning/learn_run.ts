import { PauseGate } from '../../../core/async/pause_gate';
import type { PauseReason, TrainEvent, TrainerState, TrainOutput } from '../../../core/types/training';
import { checkOptions } from '../../session/options';
import { Followed, Replay } from '../../training/replay';
import { beginningOf } from '../../training/run_report';
import { type PausableRun, stopRules } from '../../training/train_run';

/** A run with work of its own around the training run that it follows. It is paused while there is any reason to. */
export class LearnRun extends Followed<TrainEvent, TrainOutput> implements PausableRun {
  protected readonly items = new Replay<TrainEvent>();
  protected readonly result: Promise<TrainOutput>;
  /** Pauses the work around the training run. The training run gets all reasons too, and pauses itself. */
  readonly #gate = new PauseGate((reason) => this.#report('paused', reason));
  #state = beginningOf(0);
  /** The training run, while it is in progress. */
  #inner: PausableRun | undefined;
  #stopped: { save?: boolean } | undefined;

  constructor(body: (run: LearnRun) => Promise<TrainOutput>) {
    super();
    this.result = Promise.resolve()
      .then(() => {
        this.#gate.begin();
        return body(this);
      })
      .finally(() => this.#gate.close());
    this.items.endWith(this.result);
  }

  get state(): TrainerState {
    return this.#inner?.state ?? this.#state;
  }

  pause(): Promise<void> {
    return this.pauseFor('user');
  }

  resume(): Promise<void> {
    return this.resumeFor('user');
  }

  async stop(options: { save?: boolean } = {}): Promise<TrainOutput> {
    checkOptions('stop', options, stopRules);
    this.#stopped = options;
    this.#gate.ignorePauses();
    await this.#inner?.stop(options);
    return this.result;
  }

  async pauseFor(reason: PauseReason): Promise<void> {
    const stands = this.#gate.pause(reason);
    await (this.#inner === undefined ? stands : this.#inner.pauseFor(reason));
  }

  async resumeFor(reason: PauseReason): Promise<void> {
    this.#gate.resume(reason);
    await this.#inner?.resumeFor(reason);
  }

  /** Waits until there is no reason to pause. Rejects with `signal.reason`. */
  async waitWhilePaused(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#gate.requested) return;
    this.#report('paused', this.#gate.enter());
    this.#report('resumed', await this.#gate.wait(signal));
  }

  /** Follows a training run: passes its events on, and passes this run's requests to it. */
  async follow(inner: PausableRun): Promise<TrainOutput> {
    this.#inner = inner;
    try {
      // If a request fails, the output rejects with the reason.
      if (this.#stopped !== undefined) inner.stop(this.#stopped).catch(() => {});
      else for (const reason of this.#gate.reasons) inner.pauseFor(reason).catch(() => {});
      for await (const event of inner) this.items.push(event);
      return await inner;
    } finally {
      this.#state = inner.state;
      this.#inner = undefined;
    }
  }

  #report(type: 'paused' | 'resumed', reason: PauseReason): void {
    this.items.push({ type, state: this.state, reason });
  }
}
