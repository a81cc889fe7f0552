import { WebVeraError } from '../../core/errors/error';
import type { RunControl } from '../../core/types/run';
import type {
  PauseReason,
  ResolvedTrainingArguments,
  TrainEvent,
  TrainerCallback,
  TrainerState,
  TrainOutput,
} from '../../core/types/training';
import type { CallId } from '../../worker/protocol';
import type { KeptForRun } from '../adapters/adapter_keeper';
import { callReading, closeDataset } from '../data/with_dataset';
import type { CallEvent, Link } from '../rpc/link';
import { anyBoolean, checkOptions } from '../session/options';
import { watchPage } from '../session/visibility';
import { keepScreenOn } from '../session/wake_lock';
import { Callbacks } from './callbacks';
import { datasetsOf, type OpenRun } from './open_run';
import { isLoss, Recovery } from './recovery';
import { RunReport } from './run_report';

/**
 * A run that has begun. Iterate for its events, await for its output; both may be done, in either order. Aborted, both
 * reject with `signal.reason`. Leaving the loop doesn't stop the run.
 */
export interface TrainRun extends AsyncIterable<TrainEvent>, PromiseLike<TrainOutput> {
  readonly state: TrainerState;
  /**
   * Resolves once the last submitted step is done, and kept unless `save_strategy` is 'no'; or once the run is over, or
   * resumed before it stood still. While it measures itself, a run stands still between two batches.
   */
  pause(): Promise<void>;
  /** The run goes on, unless there is another reason for it to stand still, such as `whenHidden: 'pause'`. */
  resume(): Promise<void>;
  /**
   * Ends the run after the steps that are submitted; the model keeps what it has learnt. `save`: whether a checkpoint is
   * made of its end; by default as `save_strategy` says.
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
  /** May throw; the run then rejects with that. */
  open(): OpenRun;
}

/** A run that can be told to stand still for other reasons than its user's. */
export interface PausableRun extends TrainRun {
  pauseFor(reason: PauseReason): Promise<void>;
  resumeFor(reason: PauseReason): Promise<void>;
}

/** Of `stop`. */
export const stopRules = { save: anyBoolean };

export class RemoteRun implements PausableRun {
  /** @internal Its name in messages, which minifiers leave. */
  static readonly name = 'TrainRun';

  readonly #link: Link;
  readonly #callbacks: Callbacks;
  readonly #report: RunReport;
  readonly #output: Promise<TrainOutput>;
  /** Why it is to stand still, and whether it is to end: told again to a run that goes on elsewhere. */
  readonly #pauses = new Set<PauseReason>();
  #stop: RunControl | undefined;
  #isBroken = false;
  /** The adapters that it trains, active or not by the time that it goes on, and what was kept of them; once the session has told. */
  #trained: readonly string[] | undefined;
  #kept: KeptForRun | undefined;
  /** The session has reported something about its steps. */
  #isHeard = false;
  /** While the run goes on. */
  #call: CallId | undefined;
  /** Once the session has heard of it, or never will. */
  readonly #begun: Promise<void>;
  #onBegun = (): void => {};
  #fail: (error: unknown) => void = () => {};
  readonly #screen: ReturnType<typeof keepScreenOn> | undefined;

  constructor(setup: RunSetup) {
    const { link, args, callbacks } = setup;
    this.#link = link;
    this.#callbacks = new Callbacks(args, callbacks, (request) => {
      this.#ask(request).catch(this.#fail);
    });
    if (args.keepAwake) this.#screen = keepScreenOn((reason) => link.warn('not_kept_awake', notKept(reason)));
    this.#report = new RunReport(args.max_steps, this.#callbacks, () => this.#isPaused);
    this.#begun = new Promise((resolve) => {
      this.#onBegun = resolve;
    });
    this.#output = this.#run(setup).finally(() => {
      this.#onBegun();
      this.#screen?.close();
    });
    this.#output.then(
      () => this.#report.events.close(),
      (error: unknown) => this.#report.events.fail(error), // so an abandoned run raises no unhandled rejection
    );
  }

  get state(): TrainerState {
    return this.#report.state;
  }

  /** The session's name for it while it goes on, which it does soon. */
  async begun(): Promise<CallId | undefined> {
    await this.#begun;
    return this.#call;
  }

  pause(): Promise<void> {
    return this.pauseFor('user');
  }

  resume(): Promise<void> {
    return this.resumeFor('user');
  }

  /** The session keeps the reasons: the run stands still while there is one. */
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
    // If the session is gone, the output tells.
    await this.#ask({ should_training_stop: true, save_at_end: options.save }).catch(() => {});
    return this.#output;
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its output
  then<A = TrainOutput, B = never>(
    onOutput?: ((output: TrainOutput) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#output.then(onOutput, onError);
  }

  [Symbol.asyncIterator](): AsyncIterator<TrainEvent> {
    return this.#report.events[Symbol.asyncIterator]();
  }

  /** To its end, by itself over what is lost on the way. */
  async #run(setup: RunSetup): Promise<TrainOutput> {
    const { link, signal, args } = setup;
    const run = setup.open();
    const onBlocked = ({ message, hint }: WebVeraError): void =>
      this.#report.warn('gpu_blocked', `${message}. ${hint}`);
    const recovery = new Recovery({ link, signal, revive: run.revive, onBlocked });
    const unwatch = watchPage({
      onVisibility: (hidden) => this.#onVisibility(hidden, args),
      onLeave: () => this.#onLeave(args),
      onReturn: () => this.#ask({ check_lock: true }).catch(this.#fail),
    });
    this.#screen?.wish(true);
    try {
      for (;;) {
        try {
          return await this.#attempt(setup, run);
        } catch (error) {
          this.#isBroken = true;
          this.#report.onLoss(await recovery.from(error, this.state.global_step));
        }
      }
    } finally {
      unwatch();
      this.#kept?.close();
      for (const dataset of datasetsOf(run)) closeDataset(dataset);
    }
  }

  async #attempt({ link, adapter_name, args, signal, resume, takeOver }: RunSetup, run: OpenRun): Promise<TrainOutput> {
    const hooks = this.#callbacks.wanted;
    // An older run's state is none to go on from, unless that was asked for.
    const resume_from_checkpoint = this.#report.isKept || resume;
    try {
      return await callReading(
        link,
        datasetsOf(run),
        (call, fail) => {
          this.#call = call;
          this.#fail = fail;
          // One that goes on after a loss may have been taken over meanwhile: it isn't taken back.
          const take_over = takeOver && !this.#isHeard;
          const request = {
            ...{ model: run.handle(), adapter_name, trained: this.#trained, args },
            ...{ data: run.dataset.source, eval_data: run.evalDataset?.source },
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

  /** Whether it is to stand still. */
  get #isPaused(): boolean {
    return this.#pauses.size > 0 && this.#stop === undefined;
  }

  /** Tells a run that begins what was asked of it before. */
  #remind(call: CallId): void {
    this.#screen?.wish(!this.#isPaused);
    const asked = [...this.#pauses].map((reason) => this.#link.request('pauseTraining', call, reason));
    if (this.#stop !== undefined) asked.push(this.#link.request('controlTraining', call, this.#stop));
    Promise.all(asked).catch(this.#fail);
  }

  #onEvent(event: CallEvent, run: OpenRun): void {
    if (event.type === 'chosen') this.#onChosen(event, run);
    if (event.type !== 'train') return;
    const { type } = event.event;
    this.#isHeard ||= type !== 'reading';
    if (type === 'paused' || type === 'resumed') this.#screen?.wish(type === 'resumed');
    this.#report.add(event.progress, event.event);
  }

  /** The session knows it, and which adapters it trains: it begins once those are kept, or can't be. */
  #onChosen({ call, adapters }: Extract<CallEvent, { type: 'chosen' }>, run: OpenRun): void {
    this.#trained = adapters;
    this.#kept ??= run.keep(adapters);
    if (this.#isBroken) this.#remind(call);
    this.#onBegun();
    this.#kept.kept.then(() => this.#link.request('startTraining', call)).catch(this.#fail);
  }

  /** A page that is hidden may never be seen again. */
  #onVisibility(hidden: boolean, { whenHidden, save_strategy }: ResolvedTrainingArguments): void {
    const react = async (): Promise<void> => {
      if (whenHidden === 'pause') await (hidden ? this.pauseFor('hidden') : this.resumeFor('hidden'));
      else if (hidden && save_strategy !== 'no') await this.#save();
    };
    react().catch(this.#fail);
  }

  #onLeave({ save_strategy }: ResolvedTrainingArguments): void {
    if (save_strategy !== 'no') this.#save().catch(this.#fail);
  }

  async #save(): Promise<void> {
    await this.#ask({ should_save: true });
  }

  #ask(request: RunControl): Promise<void> {
    if (request.should_training_stop === true) this.#stop = request;
    return this.#toRun((call) => this.#link.request('controlTraining', call, request));
  }

  /** What is lost meanwhile stands still, and the output tells of it. */
  async #toRun(request: (call: CallId) => Promise<void>): Promise<void> {
    await this.#begun;
    if (this.#call === undefined) return;
    await request(this.#call).catch((error: unknown) => {
      if (!isLoss(error)) throw error;
    });
  }
}

function notKept(reason: string): string {
  return `The screen may go off while the run goes on: ${reason}`;
}

/** What a `Trainer` gives, as this library sees it. */
export function pausable(run: TrainRun): PausableRun {
  if (run instanceof RemoteRun) return run;
  throw new WebVeraError('internal', 'Expected a run that a Trainer gave');
}
