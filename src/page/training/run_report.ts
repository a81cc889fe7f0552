import type { ErrorCode, WebVeraError } from '../../core/errors/error';
import type { BestEvaluation, History, RunEvent, RunProgress } from '../../core/types/run';
import type {
  EvalLogs,
  PauseReason,
  StepLogs,
  TrainEvent,
  TrainerState,
  TrainProgress,
} from '../../core/types/training';
import type { Callbacks } from './callbacks';
import { Replay } from './replay';

/** A run's event that belongs to a step. */
type TimedEvent = Exclude<RunEvent, { readonly type: 'reading' }>;

type RestoredEvent = Extract<RunEvent, { readonly type: 'restored' }>;

/** Reports a run: records its state, emits its events, and calls its callbacks. */
export class RunReport {
  readonly events: Replay<TrainEvent>;
  readonly #callbacks: Callbacks;
  readonly #isPaused: () => boolean;
  readonly #logs: StepLogs[] = [];
  readonly #evaluations: EvalLogs[] = [];
  #best: BestEvaluation | null = null;
  #state: TrainerState;
  #hasBegun = false;
  #hasCheckpoint = false;
  /** The reason of the last `paused` event, until `resumed`. */
  #paused: PauseReason | undefined;
  /** The error code of a lost worker or device, and the number of steps done before, until the run has recovered. */
  #loss: { readonly code: ErrorCode; readonly done: number } | undefined;
  /** The adapter that this report is about, in a run of several adapters. */
  readonly #adapter: string | undefined;
  /** In a run of several adapters, the report on each adapter, by name. These reports add their events to the run's events. */
  readonly #lanes = new Map<string, RunReport>();

  /**
   * `isPaused`: whether the run stays paused after it has recovered. `of`: for a report on one of several adapters, the report on the whole
   * run, and the adapter's name.
   */
  constructor(
    max_steps: number,
    callbacks: Callbacks,
    isPaused: () => boolean,
    of?: { readonly run: RunReport; readonly adapter: string },
  ) {
    this.events = of?.run.events ?? new Replay<TrainEvent>();
    this.#adapter = of?.adapter;
    this.#callbacks = callbacks;
    this.#isPaused = isPaused;
    this.#state = this.#stateAt({ global_step: 0, max_steps, epoch: 0 });
  }

  get state(): TrainerState {
    return this.#withAdapters(this.#state);
  }

  /** Whether this run has stored a checkpoint; older runs with the same id don't count. */
  get hasCheckpoint(): boolean {
    return this.#hasCheckpoint;
  }

  /** Records a lost worker or device. The next event comes from the recovered run. */
  onLoss({ code }: Pick<WebVeraError, 'code'>): void {
    this.#loss = { code, done: this.#loss?.done ?? this.state.global_step };
    for (const lane of this.#lanes.values()) lane.onLoss({ code });
  }

  /** Records the end of the run. Reports that it has recovered if it was stopped after a loss, before its first event. */
  onEnd(): void {
    this.#reportRecovery(this.#state, {});
  }

  /** Adds an event. `adapter`: in a run of several adapters, the adapter that the event is about. */
  add({ adapters = {}, ...progress }: RunProgress, event: RunEvent, adapter?: string): void {
    if (adapter !== undefined) {
      // After a lost worker or device, a run that resumes from a checkpoint reports `restored` before its adapters report. If an adapter
      // reports first, the run has restarted at its first step.
      if (event.type !== 'reading') this.#reportRecovery(this.#state, adapters);
      this.#laneOf(adapter, progress).add(progress, event);
      return;
    }
    if (event.type === 'reading') {
      // A data set is read before the first step, so the state doesn't change, even after a lost worker or device.
      const { type, dataset, loaded, total } = event;
      this.events.push({ type, state: this.state, dataset, loaded, total });
      return;
    }
    const restored = event.type === 'restored' ? event : undefined;
    const hasRecovered = this.#reportRecovery(progress, adapters, restored);
    this.#setLanes(adapters);
    if (!hasRecovered || restored === undefined) this.#report(progress, event);
  }

  warn(code: ErrorCode, message: string): void {
    this.events.push({ type: 'warning', state: this.state, code, message });
  }

  /**
   * If a worker or device was lost, reports that the run has recovered, at its last checkpoint or else at its first step, and returns true.
   */
  #reportRecovery(
    { max_steps, ...at }: TrainProgress,
    adapters: Readonly<Record<string, TrainProgress>>,
    restored?: RestoredEvent,
  ): boolean {
    if (this.#loss === undefined) return false;
    const { code: cause, done } = this.#loss;
    this.#loss = undefined;
    const from = restored === undefined ? { global_step: 0, max_steps, epoch: 0 } : { ...at, max_steps };
    // If the worker died after storing a checkpoint, the checkpoint may be later than the last reported step.
    const repeatedSteps = Math.max(0, done - from.global_step);
    for (const lane of this.#lanes.values()) lane.#state = { ...lane.#state, global_step: 0, epoch: 0 };
    if (restored !== undefined) this.#setLanes(adapters);
    const { logs, evaluations, best } = restored ?? NO_HISTORY;
    this.#report(from, { type: 'recovered', cause, repeatedSteps, logs, evaluations, best });
    if (this.#paused !== undefined && !this.#isPaused()) this.#report(from, { type: 'resumed', reason: this.#paused });
    return true;
  }

  #report(progress: TrainProgress, event: TimedEvent): void {
    if (event.type === 'restored' || event.type === 'recovered') {
      replaceAll(this.#logs, event.logs);
      replaceAll(this.#evaluations, event.evaluations);
      this.#best = event.best;
    }
    if (event.type === 'log') this.#logs.push(event.logs);
    if (event.type === 'evaluate') {
      this.#evaluations.push(event.logs);
      this.#best = event.best;
    }
    this.#state = this.#stateAt(progress);
    const { state } = this;
    switch (event.type) {
      case 'log':
        this.events.push({ type: 'log', state, logs: event.logs });
        this.#callbacks.run('on_log', state, { ...event.logs });
        break;
      case 'evaluate':
        this.events.push({ type: 'evaluate', state, metrics: event.logs.metrics });
        this.#callbacks.run('on_evaluate', state, { ...event.logs.metrics });
        break;
      case 'hook':
        if (event.hook !== 'on_train_begin' || !this.#hasBegun) this.#callbacks.run(event.hook, state);
        this.#hasBegun = true;
        break;
      case 'save':
        this.#hasCheckpoint = true;
        this.events.push({ type: 'save', state, checkpoint: event.checkpoint, durable: event.durable });
        this.#callbacks.run('on_save', state);
        break;
      case 'restored':
        this.events.push({ type: 'restored', state, checkpoint: event.checkpoint });
        break;
      case 'recovered': {
        const { cause, repeatedSteps } = event;
        this.events.push({ type: 'recovered', state, cause, repeatedSteps });
        break;
      }
      case 'paused':
      case 'resumed':
        this.#paused = event.type === 'paused' ? event.reason : undefined;
        this.events.push({ type: event.type, state, reason: event.reason });
        break;
      case 'warning':
        this.events.push({ type: 'warning', state, code: event.code, message: event.message });
    }
  }

  #laneOf(adapter: string, { max_steps }: TrainProgress): RunReport {
    const known = this.#lanes.get(adapter);
    if (known !== undefined) return known;
    const lane = new RunReport(max_steps, this.#callbacks, this.#isPaused, { run: this, adapter });
    this.#lanes.set(adapter, lane);
    return lane;
  }

  /** Sets the progress of each adapter, from an event about the whole run. */
  #setLanes(adapters: Readonly<Record<string, TrainProgress>>): void {
    for (const [name, progress] of Object.entries(adapters)) {
      const lane = this.#laneOf(name, progress);
      lane.#state = lane.#stateAt(progress);
    }
  }

  /** Adds the states of several adapters to the run's state, and sums their steps. */
  #withAdapters(state: TrainerState): TrainerState {
    if (this.#lanes.size === 0) return state;
    const adapters = Object.fromEntries([...this.#lanes].map(([name, lane]) => [name, lane.state]));
    const all = Object.values(adapters);
    const sum = (of: 'global_step' | 'max_steps'): number => all.reduce((total, one) => total + one[of], 0);
    const epoch = Math.max(...all.map((one) => one.epoch));
    return { ...state, global_step: sum('global_step'), max_steps: sum('max_steps'), epoch, adapters };
  }

  #stateAt(progress: TrainProgress): TrainerState {
    return {
      ...(this.#adapter !== undefined && { adapter: this.#adapter }),
      ...progress,
      log_history: this.#logs,
      eval_history: this.#evaluations,
      best_metric: this.#best?.metric ?? null,
      best_global_step: this.#best?.step ?? null,
    };
  }
}

/**
 * Replaces the content of a shared list. Entries are pushed one at a time, because long runs have more entries than one call of `push`
 * accepts.
 */
function replaceAll<T>(list: T[], content: readonly T[]): void {
  list.length = 0;
  for (const one of content) list.push(one);
}

const NO_HISTORY: History = { logs: [], evaluations: [], best: null };

/** Returns the state of a run that hasn't begun. */
export function beginningOf(max_steps: number): TrainerState {
  const nothing = { log_history: [], eval_history: [], best_metric: null, best_global_step: null };
  return { global_step: 0, max_steps, epoch: 0, ...nothing };
}
