import { PauseGate } from '../../../core/async/pause_gate';
import type { PauseReason, StepLogs, TrainEvent, TrainerState, TrainOutput } from '../../../core/types/training';
import { checkOptions } from '../../session/options';
import { Followed, Replay } from '../../training/replay';
import { beginningOf } from '../../training/run_report';
import { type PausableRun, stopRules } from '../../training/train_run';

/** The position of a training run in a longer run: the numbers of steps before it, in it (as planned) and after it. */
interface PartSteps {
  readonly before: number;
  readonly own: number;
  readonly after: number;
}

/**
 * A run of `learn`. It follows one or more training runs, and does its own work before and after them, such as evaluation. It is paused
 * while there is at least one reason to pause.
 */
export class LearnRun extends Followed<TrainEvent, TrainOutput> implements PausableRun {
  protected readonly items = new Replay<TrainEvent>();
  protected result: Promise<TrainOutput>;
  /** Pauses this run's own work. A training run in progress receives the same reasons, and pauses itself. */
  readonly #gate = new PauseGate((reason) => this.#report('paused', reason));
  #state = beginningOf(0);
  /** The training run in progress. */
  #inner: PausableRun | undefined;
  /** The position of the training run's steps in this run; undefined if this run has no other steps. */
  #part: PartSteps | undefined;
  /** The logs of all training runs, in one list that all reported states share. */
  readonly #logs: StepLogs[] = [];
  /** The number of logs that come from earlier training runs. */
  #earlier = 0;
  #stopped: { save?: boolean } | undefined;
  #canPause = true;

  constructor(
    body: (run: LearnRun) => Promise<TrainOutput>,
    /** The signal of the run's caller. */
    readonly signal?: AbortSignal,
  ) {
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

  /** Whether the run can pause now. False during work that can't be interrupted, as in `inOne`. */
  get canPause(): boolean {
    return this.#canPause;
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  /**
   * Returns the run for another caller, with a new result promise: a rejection counts as unhandled until this caller handles it, even if an
   * earlier caller did.
   */
  joined(): this {
    this.result = this.result.then((output) => output);
    return this;
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

  /** Waits until there is no reason to pause. Rejects with `signal.reason` when aborted. */
  async waitWhilePaused(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#gate.requested) return;
    this.#report('paused', this.#gate.enter());
    this.#report('resumed', await this.#gate.wait(signal));
  }

  /** Waits until there is no reason to pause, then does work that can't pause. */
  async inOne<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.waitWhilePaused(signal);
    this.#canPause = false;
    try {
      return await work();
    } finally {
      this.#canPause = true;
    }
  }

  /**
   * Follows the training run `inner`: passes its events to this run's readers, and passes requests to pause or stop on to it. With `part`,
   * the step numbers count the steps of the whole run.
   */
  async follow(inner: PausableRun, part?: PartSteps): Promise<TrainOutput> {
    this.#inner = inner;
    this.#part = part;
    this.#earlier = this.#logs.length;
    try {
      // A failed request is ignored here, because the training run itself rejects with the reason.
      if (this.#stopped !== undefined) inner.stop(this.#stopped).catch(() => {});
      else for (const reason of this.#gate.reasons) inner.pauseFor(reason).catch(() => {});
      for await (const event of inner) this.items.push(this.#placedEvent(event));
      return await inner;
    } finally {
      this.#state = this.#placed(inner.state);
      this.#inner = undefined;
    }
  }

  #placedEvent(event: TrainEvent): TrainEvent {
    // The training run has returned to an earlier state and replaced its list of logs, so the logs copied from it are removed.
    if (event.type === 'restored' || event.type === 'recovered') this.#logs.length = this.#earlier;
    const state = this.#placed(event.state);
    return event.type === 'log' ? { ...event, state, logs: this.#placedLogs(event.logs) } : { ...event, state };
  }

  /** Converts a state of the training run to a state of the whole run, and copies its new logs to `#logs`. */
  #placed(state: TrainerState): TrainerState {
    if (this.#part === undefined) return state;
    const { before, own, after } = this.#part;
    const { global_step, max_steps, log_history } = state;
    for (let at = this.#logs.length - this.#earlier; at < log_history.length; at++) {
      const logs = log_history[at];
      if (logs !== undefined) this.#logs.push(this.#placedLogs(logs));
    }
    return {
      ...state,
      global_step: before + global_step,
      // `max_steps` is negative until the training run has read its data, so the planned number of steps is used.
      max_steps: before + (max_steps < 0 ? own : max_steps) + after,
      log_history: this.#logs,
    };
  }

  #placedLogs(logs: StepLogs): StepLogs {
    return { ...logs, step: (this.#part?.before ?? 0) + logs.step };
  }

  #report(type: 'paused' | 'resumed', reason: PauseReason): void {
    this.items.push({ type, state: this.state, reason });
  }
}
