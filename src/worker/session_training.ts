import type { Example, PauseReason, TrainOutput } from '../core/training';
import type { Executor } from '../gpu/executor';
import type { RowSource } from '../train/data';
import type { TrainingRun } from '../train/training_run';
import { ExampleFeed } from './example_feed';
import type {
  CallId,
  ControlRequest,
  DataSource,
  EvaluateRequest,
  Evaluation,
  SessionHost,
  TrainRequest,
} from './protocol';
import type { SessionModels } from './session_models';
import { evaluate, train } from './training';

/** The session's runs, and the data sets that the page feeds them. */
export class SessionTraining {
  readonly #host: SessionHost;
  readonly #models: SessionModels;
  readonly #feeds = new Map<CallId, ExampleFeed>();
  readonly #runs = new Map<CallId, TrainingRun>();

  constructor(host: SessionHost, models: SessionModels) {
    this.#host = host;
    this.#models = models;
  }

  async train(
    executor: Executor,
    call: CallId,
    { model: handle, args, data, hooks }: TrainRequest,
    signal: AbortSignal,
  ): Promise<TrainOutput> {
    const { model, applied } = this.#models.find(handle);
    const wanted = new Set<string>(hooks);
    try {
      return await train(
        executor,
        { model, applied, args, data: this.#rows(call, data, signal), signal },
        (event, progress) => {
          if (event.type === 'hook' && !wanted.has(event.hook)) return;
          this.#host.emit({ type: 'train', call, progress, event });
        },
        (run) => this.#runs.set(call, run),
      );
    } finally {
      this.#runs.delete(call);
      this.#feeds.delete(call);
    }
  }

  async evaluate(
    call: CallId,
    { model: handle, args, data }: EvaluateRequest,
    signal: AbortSignal,
  ): Promise<Evaluation> {
    const { model, applied } = this.#models.find(handle);
    try {
      return await evaluate({ model, applied, args, data: this.#rows(call, data, signal), signal });
    } finally {
      this.#feeds.delete(call);
    }
  }

  pushExamples(call: CallId, examples: readonly Example[], done: boolean): void {
    this.#feeds.get(call)?.push(examples, done);
  }

  async pause(run: CallId, reason: PauseReason): Promise<void> {
    await this.#runs.get(run)?.pause(reason);
  }

  resume(run: CallId, reason: PauseReason): void {
    this.#runs.get(run)?.resume(reason);
  }

  control(run: CallId, control: ControlRequest): void {
    this.#runs.get(run)?.control(control);
  }

  #rows(call: CallId, data: DataSource, signal: AbortSignal): RowSource {
    if (data.kind === 'blob') return data;
    const ask = (count: number): void => this.#host.emit({ type: 'need_data', call, count });
    const feed = new ExampleFeed(ask, signal);
    this.#feeds.set(call, feed);
    return { kind: 'examples', examples: feed };
  }
}
