import { WebVeraError } from '../../core/errors/error';
import type { RunControl, TrainerCallback } from '../../core/types/run';
import type {
  PauseReason,
  ResolvedTrainingArguments,
  TrainEvent,
  TrainerState,
  TrainOutput,
} from '../../core/types/training';
import type { CallId } from '../../worker/protocol';
import type { KeptForRun } from '../adapters/adapter_keeper';
import { callReading, closeDataset } from '../data/with_dataset';
import type { CallEvent, Link } from '../rpc/link';
import { checkOptions } from '../session/options';
import { anyBoolean } from '../session/rules';
import { watchPage } from '../session/visibility';
import { keepScreenOn } from '../session/wake_lock';
import { Callbacks } from './callbacks';
import { datasetsOf, type OpenRun, sourcesOf } from './open_run';
import { Followed, type Replay } from './replay';
import { isLoss, RunRecovery } from './run_recovery';
import { RunReport } from './run_report';

/**
 * A run in progress. Iterate over it for its events, or await it for its output, or do both in either order. When its signal aborts, the
 * loop and the promise reject with `signal.reason`; after other errors, `signal.aborted` is false. Leaving the loop doesn't stop the run.
 * If a run rejects and is neither awaited nor iterated over, that is an unhandled rejection.
 */
export interface TrainRun extends AsyncIterable<TrainEvent>, Promise<TrainOutput> {
  readonly state: TrainerState;
  /**
   * Pauses the run. Resolves when the last submitted step is done and, unless `save_strategy` is 'no', stored in a checkpoint; or when the
   * run ends or is resumed before it has paused. During an evaluation, the run pauses between two batches.
   */
  pause(): Promise<void>;
  /** Continues the run, unless it is paused for another reason, such as `whenHidden: 'pause'`. */
  resume(): Promise<void>;
  /**
   * Ends the run after the steps that were already submitted. The model then has the values trained so far. `save`: whether to store a
   * checkpoint at the end; by default `save_strategy` decides.
   */
  stop(options?: { save?: boolean }): Promise<TrainOutput>;
}

interface RunSetup {
  readonly link: Link;
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  readonly callbacks: readonly TrainerCallback[];
  readonly signal: AbortSignal | undefined;
  readonly resume: boolean | string;
  readonly takeOver: boolean;
  /** Opens the data sets. If it throws, the run rejects with that error. */
  open(): OpenRun;
}

/** A run that can be paused for other reasons than the user's request. */
export interface PausableRun extends TrainRun {
  pauseFor(reason: PauseReason): Promise<void>;
  resumeFor(reason: PauseReason): Promise<void>;
}

/** The rules for the options of `stop`. */
export const stopRules = { save: anyBoolean };

export class RemoteRun extends Followed<TrainEvent, TrainOutput> implements PausableRun {
  /** @internal The class's name in messages, which minifiers leave unchanged. */
  static override readonly name = 'TrainRun';

  readonly #link: Link;
  readonly #callbacks: Callbacks;
  readonly #report: RunReport;
  protected readonly result: Promise<TrainOutput>;
  /** The current reasons to pause, and the request to stop, if any. A recovered run receives them again. */
  readonly #pauses = new Set<PauseReason>();
  #stop: RunControl | undefined;
  #hasLost = false;
  /**
   * The names of the adapters that the run trains, even if others are active when it recovers; and the copies of adapters for its recovery.
   * Set at the worker's event `chosen`.
   */
  #trained: readonly string[] | undefined;
  #kept: KeptForRun | undefined;
  /** Whether the worker has reported anything about the run's steps. */
  #hasReported = false;
  /** The id of the run's call to the worker while the call is in progress. */
  #call: CallId | undefined;
  /** Resolves when the worker has chosen the adapters to train, or when the run ends before that. */
  readonly #begun: Promise<void>;
  #onBegun = (): void => {};
  #fail: (error: unknown) => void = () => {};
  /** The error of a callback that rejected while the run recovered. The next attempt throws it. */
  #slip: { readonly error: unknown } | undefined;
  #hasEnded = false;
  readonly #screen: ReturnType<typeof keepScreenOn> | undefined;

  constructor(setup: RunSetup) {
    super();
    const { link, args, callbacks } = setup;
    this.#link = link;
    this.#callbacks = new Callbacks(
      args,
      callbacks,
      (request) => {
        this.#ask(request).catch(this.#fail);
      },
      (error) => {
        if (this.#hasEnded) throw error; // an unhandled rejection, because nothing else reports it
        if (this.#call !== undefined) this.#fail(error);
        else if (!isLoss(error)) this.#slip ??= { error };
      },
    );
    const mayGoOff = (reason: string): string => `The screen may go off while the run goes on: ${reason}`;
    if (args.keepAwake) this.#screen = keepScreenOn((reason) => link.warn('not_kept_awake', mayGoOff(reason)));
    this.#report = new RunReport(args.max_steps, this.#callbacks, () => this.#isPaused);
    this.#begun = new Promise((resolve) => {
      this.#onBegun = resolve;
    });
    const body = this.#run(setup).finally(() => {
      this.#hasEnded = true;
      this.#onBegun();
      this.#screen?.close();
    });
    this.result = this.following(body);
  }

  protected get items(): Replay<TrainEvent> {
    return this.#report.events;
  }

  get state(): TrainerState {
    return this.#report.state;
  }

  /** Waits until the worker has begun the run. Resolves with the id of the run's call; undefined if the run has ended. */
  async begun(): Promise<CallId | undefined> {
    await this.#begun;
    return this.#call;
  }

  /** Sets `trainer.run`. If an earlier run is in progress, waits until this run has begun, because the worker may reject it. */
  replacing(trainer: { run: RemoteRun | undefined }): this {
    if (trainer.run === undefined || trainer.run.#hasEnded) trainer.run = this;
    else
      void this.begun().then((call) => {
        if (call !== undefined) trainer.run = this;
      });
    return this;
  }

  pause(): Promise<void> {
    return this.pauseFor('user');
  }

  resume(): Promise<void> {
    return this.resumeFor('user');
  }

  /** Adds a reason to pause. The worker collects the reasons, and the run is paused while there is at least one. */
  pauseFor(reason: PauseReason): Promise<void> {
    this.#pauses.add(reason);
    return this.#toRun((call) => this.#link.request('pauseTraining', call, reason));
  }

  resumeFor(reason: PauseReason): Promise<void> {
    this.#pauses.delete(reason);
    return this.#toRun((call) => this.#link.request('resumeTraining', call, reason));
  }

  async stop(options: { save?: boolean } = {}): Promise<TrainOutput> {
    checkOptions('stop', options, stopRules);
    // A failed request is ignored here: if the session has ended, the output rejects with the reason.
    await this.#ask({ should_training_stop: true, save_at_end: options.save }).catch(() => {});
    return this.result;
  }

  /** Runs to completion, recovering from lost workers and devices. */
  async #run(setup: RunSetup): Promise<TrainOutput> {
    const { link, signal, args } = setup;
    const run = setup.open();
    const onBlocked = ({ message, hint }: WebVeraError): void =>
      this.#report.warn('gpu_blocked', `${message}. ${hint}`);
    const recovery = new RunRecovery({ link, signal, revive: run.revive, onBlocked });
    const unwatch = watchPage({
      onVisibility: (hidden) => this.#onVisibility(hidden, args),
      onLeave: () => this.#onLeave(args),
      onReturn: () => this.#ask({ check_lock: true }).catch(this.#fail),
    });
    this.#screen?.request(true);
    try {
      for (;;) {
        try {
          const output = await this.#attempt(setup, run);
          this.#report.onEnd();
          return output;
        } catch (error) {
          this.#hasLost = true;
          this.#report.onLoss(await recovery.from(error, this.state.global_step));
        }
      }
    } finally {
      unwatch();
      void this.#kept?.close();
      for (const dataset of datasetsOf(run)) closeDataset(dataset);
    }
  }

  async #attempt({ link, adapter_name, args, signal, resume, takeOver }: RunSetup, run: OpenRun): Promise<TrainOutput> {
    if (this.#slip !== undefined) throw this.#slip.error;
    const hooks = this.#callbacks.wanted;
    // The run resumes from its own checkpoint if it has stored one; from an older run's checkpoint only if the caller asked for that.
    const resume_from_checkpoint = this.#report.hasCheckpoint || resume;
    try {
      return await callReading(
        link,
        datasetsOf(run),
        (call, fail) => {
          this.#call = call;
          this.#fail = fail;
          // After a lost worker or device, another tab may have taken the run over. This tab doesn't take it back.
          const take_over = takeOver && !this.#hasReported;
          const request = {
            ...{ model: run.handle(), adapter_name, trained: this.#trained, args },
            ...sourcesOf(run),
            ...{ hooks, resume_from_checkpoint, take_over },
          };
          return link.request('train', call, request);
        },
        { signal, onEvent: (event) => this.#onEvent(event, run) },
      );
    } finally {
      this.#call = undefined;
    }
  }

  get #isPaused(): boolean {
    return this.#pauses.size > 0 && this.#stop === undefined;
  }

  /** Sends pending requests to pause and to stop again, because the recovered run hasn't received them. */
  #resendRequests(call: CallId): void {
    this.#screen?.request(!this.#isPaused);
    const asked = [...this.#pauses].map((reason) => this.#link.request('pauseTraining', call, reason));
    if (this.#stop !== undefined) asked.push(this.#link.request('controlTraining', call, this.#stop));
    Promise.all(asked).catch(this.#fail);
  }

  #onEvent(event: CallEvent, run: OpenRun): void {
    if (event.type === 'chosen') this.#onChosen(event, run);
    if (event.type === 'reported') this.#ask({ heard: true }).catch(this.#fail);
    if (event.type !== 'train') return;
    const { type } = event.event;
    this.#hasReported ||= type !== 'reading';
    if (type === 'paused' || type === 'resumed') this.#screen?.request(type === 'resumed');
    this.#report.add(event.progress, event.event, event.adapter);
  }

  /** Handles the worker's choice of the adapters to train. The run starts when the copies for recovery are made, or can't be made. */
  #onChosen({ call, adapters }: Extract<CallEvent, { type: 'chosen' }>, run: OpenRun): void {
    this.#trained = adapters;
    this.#kept ??= run.keep(adapters);
    if (this.#hasLost) this.#resendRequests(call);
    this.#onBegun();
    this.#kept.kept.then(() => this.#link.request('startTraining', call)).catch(this.#fail);
  }

  /** Pauses or saves when the page is hidden, because a hidden page may be closed without another event. */
  #onVisibility(hidden: boolean, { whenHidden, save_strategy }: ResolvedTrainingArguments): void {
    const react = async (): Promise<void> => {
      if (whenHidden === 'pause') await (hidden ? this.pauseFor('hidden') : this.resumeFor('hidden'));
      else if (hidden && save_strategy !== 'no') await this.#ask({ should_save: true });
    };
    react().catch(this.#fail);
  }

  #onLeave({ save_strategy }: ResolvedTrainingArguments): void {
    if (save_strategy !== 'no') this.#ask({ should_save: true }).catch(this.#fail);
  }

  #ask(request: RunControl): Promise<void> {
    if (request.should_training_stop === true) this.#stop = request;
    return this.#toRun((call) => this.#link.request('controlTraining', call, request));
  }

  /** Sends a request to the run. Ignores the error of a lost worker or device, which the output reports. */
  async #toRun(request: (call: CallId) => Promise<void>): Promise<void> {
    await this.#begun;
    if (this.#call === undefined) return;
    await request(this.#call).catch((error: unknown) => {
      if (!isLoss(error)) throw error;
    });
  }
}

/** Returns the run of a `Trainer` with its internal type. */
export function pausable(run: TrainRun): PausableRun {
  if (run instanceof RemoteRun) return run;
  throw new WebVeraError('internal', 'Expected a run that a Trainer gave');
}
