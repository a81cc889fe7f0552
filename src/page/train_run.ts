import { WebVeraError } from '../core/error';
import type { RunEvent } from '../core/run';
import type {
  PauseReason,
  ResolvedTrainingArguments,
  StepLogs,
  TrainEvent,
  TrainerCallback,
  TrainerState,
  TrainOutput,
  TrainProgress,
} from '../core/training';
import type { CallId, Handle } from '../worker/protocol';
import { Callbacks } from './callbacks';
import type { OpenDataset } from './feed';
import type { CallEvent, Link } from './link';
import { anyBoolean, checkOptions } from './options';
import { Replay } from './replay';
import { watchPage } from './visibility';
import { callWithDataset } from './with_dataset';

/**
 * A run that has begun. Iterate for its events, await for its output; both may be done, in either order. Aborted, both
 * reject with `signal.reason`. Leaving the loop doesn't stop the run.
 */
export interface TrainRun extends AsyncIterable<TrainEvent>, PromiseLike<TrainOutput> {
  readonly state: TrainerState;
  /**
   * Resolves once the last submitted step is done, and kept unless `save_strategy` is 'no'; or once the run is over, or
   * resumed before it stood still.
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

export interface RunSetup {
  readonly link: Link;
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  readonly callbacks: readonly TrainerCallback[];
  readonly signal: AbortSignal | undefined;
  readonly resume: boolean | string;
  /** May throw; the run then rejects with that. */
  open(): { readonly model: Handle; readonly dataset: OpenDataset };
}

/** A run that can be told to stand still for other reasons than its user's. */
export interface PausableRun extends TrainRun {
  pauseFor(reason: PauseReason): Promise<void>;
  resumeFor(reason: PauseReason): Promise<void>;
}

export class RemoteRun implements PausableRun {
  /** @internal Its name in messages, which minifiers leave. */
  static readonly name = 'TrainRun';

  readonly #link: Link;
  readonly #callbacks: Callbacks;
  readonly #events = new Replay<TrainEvent>();
  readonly #logs: StepLogs[] = [];
  readonly #output: Promise<TrainOutput>;
  #state: TrainerState;
  /** While the run goes on. */
  #call: CallId | undefined;
  #fail: (error: unknown) => void = () => {};

  constructor(setup: RunSetup) {
    const { link, args, callbacks } = setup;
    this.#link = link;
    this.#state = { global_step: 0, max_steps: args.max_steps, epoch: 0, log_history: this.#logs };
    this.#callbacks = new Callbacks(args, callbacks, (request) => {
      this.#toRun((call) => link.request('controlTraining', call, request)).catch(this.#fail);
    });
    this.#output = this.#run(setup);
    this.#output.then(
      () => this.#events.close(),
      (error: unknown) => this.#events.fail(error), // so an abandoned run raises no unhandled rejection
    );
  }

  get state(): TrainerState {
    return this.#state;
  }

  /** The session's name for it while it goes on. */
  get call(): CallId | undefined {
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
    return this.#toRun((call) => this.#link.request('pauseTraining', call, reason));
  }

  resumeFor(reason: PauseReason): Promise<void> {
    return this.#toRun((call) => this.#link.request('resumeTraining', call, reason));
  }

  async stop(options: { save?: boolean } = {}): Promise<TrainOutput> {
    checkOptions('stop', options, { save: anyBoolean });
    const request = { should_training_stop: true, save_at_end: options.save };
    // If the session is gone, the output tells.
    await this.#toRun((call) => this.#link.request('controlTraining', call, request)).catch(() => {});
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
    return this.#events[Symbol.asyncIterator]();
  }

  async #run({ link, adapter_name, args, signal, resume, open }: RunSetup): Promise<TrainOutput> {
    const { model, dataset } = open();
    const hooks = this.#callbacks.wanted;
    let unwatch = (): void => {};
    try {
      return await callWithDataset(
        link,
        dataset,
        (call, data, fail) => {
          this.#call = call;
          this.#fail = fail;
          const resume_from_checkpoint = resume;
          const request = { model, adapter_name, args, data, hooks, resume_from_checkpoint };
          const output = link.request('train', call, request);
          unwatch = watchPage({
            onVisibility: (hidden) => this.#onVisibility(hidden, args),
            onLeave: () => this.#onLeave(args),
          });
          return output;
        },
        { signal, onEvent: (event) => this.#onEvent(event) },
      );
    } finally {
      unwatch();
      this.#call = undefined;
    }
  }

  #onEvent(event: CallEvent): void {
    if (event.type === 'train') this.#report(event.progress, event.event);
  }

  #report(progress: TrainProgress, event: RunEvent): void {
    if (event.type === 'log') this.#logs.push(event.logs);
    if (event.type === 'restored' || event.type === 'recovered') {
      this.#logs.length = 0;
      for (const logs of event.logs) this.#logs.push(logs);
    }
    const state: TrainerState = { ...progress, log_history: this.#logs };
    this.#state = state;
    switch (event.type) {
      case 'log':
        this.#events.push({ type: 'log', state, logs: event.logs });
        this.#callbacks.run('on_log', state, { ...event.logs });
        break;
      case 'hook':
        this.#callbacks.run(event.hook, state);
        break;
      case 'save':
        this.#events.push({ type: 'save', state, checkpoint: event.checkpoint, durable: event.durable });
        this.#callbacks.run('on_save', state);
        break;
      case 'restored':
        this.#events.push({ type: 'restored', state, checkpoint: event.checkpoint });
        break;
      case 'recovered': {
        const { cause, repeatedSteps } = event;
        this.#events.push({ type: 'recovered', state, cause, repeatedSteps });
        break;
      }
      case 'paused':
      case 'resumed':
        this.#events.push({ type: event.type, state, reason: event.reason });
        break;
      case 'warning':
        this.#events.push({ type: 'warning', state, code: event.code, message: event.message });
    }
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
    await this.#toRun((call) => this.#link.request('controlTraining', call, { should_save: true }));
  }

  async #toRun(request: (call: CallId) => Promise<void>): Promise<void> {
    if (this.#call !== undefined) await request(this.#call);
  }
}

/** What a `Trainer` gives, as this library sees it. */
export function pausable(run: TrainRun): PausableRun {
  if (run instanceof RemoteRun) return run;
  throw new WebVeraError('internal', 'Expected a run that a Trainer gave');
}
