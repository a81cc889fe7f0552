import { PauseGate } from '../../../core/async/pause_gate';
import type { PauseReason, StepLogs, TrainEvent, TrainerState, TrainOutput } from '../../../core/types/training';
import { checkOptions } from '../../session/options';
import { Followed, Replay } from '../../training/replay';
import { beginningOf } from '../../training/run_report';
import { type PausableRun, stopRules } from '../../training/train_run';

/** The numbers of a run's steps before and after a training run that is a part of it. */
export interface OtherSteps {
  readonly before: number;
  readonly after: number;
}

const NO_OTHERS: OtherSteps = { before: 0, after: 0 };

/** A run with work of its own around the training run that it follows. It is paused while there is any reason to. */
export class LearnRun extends Followed<TrainEvent, TrainOutput> implements PausableRun {
  protected readonly items = new Replay<TrainEvent>();
  protected readonly result: Promise<TrainOutput>;
  /** Pauses the work around the training run. The training run gets all reasons too, and pauses itself. */
  readonly #gate = new PauseGate((reason) => this.#report('paused', reason));
  #state = beginningOf(0);
  /** The training run, while it is in progress. */
  #inner: PausableRun | undefined;
  #others = NO_OTHERS;
  /** The logs of the earlier training runs. */
  #logs: readonly StepLogs[] = [];
  #stopped: { save?: boolean } | undefined;

  constructor(body: (run: LearnRun) => Promise<TrainOutput>) {
    super();
    const learning = Promise.resolve()
      .then(() => {
        this.#gate.begin();
        return body(this);
      })
      .finally(() => this.#gate.close());
    this.result = this.following(learning);
  }

  get state(): TrainerState {
    return this.#inner === undefined ? this.#state : this.#placed(this.#inner.state);
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined;
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

  /**
   * Follows a training run: forwards its events to this run's readers, and this run's requests to it. With `others`, its steps are counted
   * among those of the whole run.
   */
  async follow(inner: PausableRun, others = NO_OTHERS): Promise<TrainOutput> {
    this.#inner = inner;
    this.#others = others;
    try {
      // If a request fails, the output rejects with the reason.
      if (this.#stopped !== undefined) inner.stop(this.#stopped).catch(() => {});
      else for (const reason of this.#gate.reasons) inner.pauseFor(reason).catch(() => {});
      for await (const event of inner) this.items.push(this.#placedEvent(event));
      return await inner;
    } finally {
      this.#state = this.#placed(inner.state);
      this.#logs = [...this.#state.log_history];
      this.#inner = undefined;
    }
  }

  #placedEvent(event: TrainEvent): TrainEvent {
    const state = this.#placed(event.state);
    return event.type === 'log' ? { ...event, state, logs: this.#placedLogs(event.logs) } : { ...event, state };
  }

  /** The state of the training run as one of the whole run. */
  #placed(state: TrainerState): TrainerState {
    const { before, after } = this.#others;
    if (before === 0 && after === 0) return state;
    return {
      ...state,
      global_step: before + state.global_step,
      max_steps: before + state.max_steps + after,
      log_history: [...this.#logs, ...state.log_history.map((logs) => this.#placedLogs(logs))],
    };
  }

  #placedLogs(logs: StepLogs): StepLogs {
    return { ...logs, step: this.#others.before + logs.step };
  }

  #report(type: 'paused' | 'resumed', reason: PauseReason): void {
    this.items.push({ type, state: this.state, reason });
  }
}
