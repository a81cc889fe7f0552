import type { Adapter } from '../../adapters/adapter';
import type { Overlay } from '../../adapters/overlay';
import { untilAborted } from '../../core/abort';
import { WebVeraError } from '../../core/error';
import type { RunControl } from '../../core/run';
import type { Example, PauseReason, ResolvedTrainingArguments, TrainOutput } from '../../core/training';
import type { RowSource } from '../../tasks/task';
import type { TrainingInit } from '../../train/training_init';
import type { LoadedModels, Pass } from '../models/loaded_models';
import { RunKernels } from '../models/run_kernels';
import type { SessionKernels } from '../models/session_kernels';
import type { SessionHost } from '../protocol';
import type { Calls } from '../rpc/calls';
import type { CallId } from '../rpc/protocol';
import { ExampleFeed } from './example_feed';
import { expectExportable, exportRun } from './export_run';
import type {
  DataSource,
  DatasetName,
  EvaluateRequest,
  Evaluation,
  ExportRequest,
  RunCalls,
  TrainRequest,
} from './protocol';
import type { CheckpointHost } from './run_checkpoints';
import { type CreatedRun, createRun, evaluate, storedRun, type TrainingRequest } from './training';

/** A run in progress, with its model and overlay. */
interface Running extends CreatedRun, Pass {
  readonly args: ResolvedTrainingArguments;
}

interface Turn {
  readonly signal: AbortSignal;
  readonly over: Promise<void>;
}

/** The session's runs, and the data sets that the page feeds to them. */
export class SessionTraining implements RunCalls {
  readonly #host: SessionHost;
  readonly #calls: Calls;
  readonly #models: LoadedModels;
  readonly #kernels: SessionKernels;
  readonly #checkpoints: CheckpointHost;
  /** By call, then by data set. */
  readonly #feeds = new Map<CallId, Map<DatasetName, ExampleFeed>>();
  readonly #runs = new Map<CallId, Running>();
  /** By the adapter that it trains. */
  readonly #training = new Map<Adapter, Turn>();

  constructor(
    host: SessionHost,
    calls: Calls,
    models: LoadedModels,
    kernels: SessionKernels,
    checkpoints: CheckpointHost,
  ) {
    this.#host = host;
    this.#calls = calls;
    this.#models = models;
    this.#kernels = kernels;
    this.#checkpoints = checkpoints;
  }

  train(call: CallId, request: TrainRequest): Promise<TrainOutput> {
    const { adapter_name, trained, hooks, eval_data, resume_from_checkpoint: resume, take_over: takesOver } = request;
    const wanted = new Set<string>(hooks);
    const emit: TrainingInit['emit'] = (event, progress) => {
      if (event.type === 'hook' && !wanted.has(event.hook)) return;
      this.#host.emit({ type: 'train', call, progress, event });
    };
    return this.#reading(call, request, trained ?? adapter_name, async (reading) => {
      const { model, overlay, args, signal } = reading;
      const kernels = new RunKernels(this.#kernels);
      const evalData = eval_data && { evalData: (until: AbortSignal) => this.#rows(call, eval_data, until) };
      const created = createRun(
        { ...reading, ...evalData, resume, takesOver, kernels, checkpoints: this.#checkpoints },
        emit,
      );
      // From here on the run can be paused and stopped.
      this.#runs.set(call, { ...created, model, overlay, args });
      try {
        return await this.#oneAtATime(overlay, signal, () => created.train());
      } finally {
        this.#runs.delete(call);
      }
    });
  }

  evaluate(call: CallId, request: EvaluateRequest): Promise<Evaluation> {
    return this.#reading(call, request, request.adapter_name, evaluate);
  }

  exportRunning(call: CallId, run: CallId): Promise<ReadonlyMap<string, Blob> | undefined> {
    return this.#calls.run(call, async (signal) => {
      const running = this.#runs.get(run);
      if (running === undefined) return undefined;
      const { model, overlay } = running;
      expectExportable(running);
      const asked = running.run.snapshot().catch(() => undefined); // the run ended before its next step
      const snapshot = await untilAborted(asked, signal);
      if (snapshot === undefined) return undefined;
      const whole = { ...running, rows: running.rows(), snapshot };
      return model.jobs.run(overlay.key, signal, (ending) => exportRun({ ...whole, signal: ending }));
    });
  }

  exportStored(call: CallId, request: ExportRequest): Promise<ReadonlyMap<string, Blob>> {
    return this.#reading(call, request, request.adapter_name, async (reading) => {
      expectExportable(reading);
      const kernels = new RunKernels(this.#kernels);
      const stored = await storedRun({ ...reading, kernels, checkpoints: this.#checkpoints });
      if (request.begun && stored.snapshot.progress.global_step === 0) throw notKept();
      return exportRun({ ...reading, ...stored });
    });
  }

  async pushExamples(call: CallId, dataset: DatasetName, examples: readonly Example[], done: boolean): Promise<void> {
    this.#feeds.get(call)?.get(dataset)?.push(examples, done);
  }

  async pauseTraining(run: CallId, reason: PauseReason): Promise<void> {
    await this.#runs.get(run)?.run.pause(reason);
  }

  async resumeTraining(run: CallId, reason: PauseReason): Promise<void> {
    this.#runs.get(run)?.run.resume(reason);
  }

  async controlTraining(run: CallId, control: RunControl): Promise<void> {
    const running = this.#runs.get(run);
    running?.run.control(control);
    if (control.check_lock) running?.check().catch(() => {}); // the next save reports it
  }

  /** Runs a call that reads a data set, as a job on the model with the adapters of these names, or the active ones. */
  #reading<T>(
    call: CallId,
    { model: handle, args, data }: EvaluateRequest,
    names: string | readonly string[] | undefined,
    body: (reading: TrainingRequest) => Promise<T>,
  ): Promise<T> {
    return this.#calls.run(call, async (signal) => {
      const { model, overlay } = this.#models.find(handle, names);
      const rows = (until: AbortSignal): RowSource => this.#rows(call, data, until);
      try {
        return await model.jobs.run(overlay.key, signal, (ending) =>
          body({ model, overlay, args, data: rows, signal: ending }),
        );
      } finally {
        this.#feeds.delete(call);
      }
    });
  }

  /** Two runs of one adapter would undo each other's steps: the second is refused, or waits if the first is aborted. */
  async #oneAtATime<T>({ adapters }: Overlay, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const training = adapters.filter(({ trainable }) => trainable);
    const earlier = training.flatMap((adapter) => {
      const turn = this.#training.get(adapter);
      return turn === undefined ? [] : [{ adapter, turn }];
    });
    const busy = earlier.find(({ turn }) => !turn.signal.aborted);
    if (busy !== undefined) {
      throw new WebVeraError('invalid_argument', `Training: adapter ${busy.adapter.name} is being trained already`, {
        hint: 'Stop the other run, or wait until it ends.',
      });
    }
    const outcome = Promise.all(earlier.map(({ turn }) => turn.over)).then(body);
    const turn = { signal, over: outcome.then(noop, noop) };
    for (const adapter of training) this.#training.set(adapter, turn);
    try {
      return await outcome;
    } finally {
      for (const adapter of training) if (this.#training.get(adapter) === turn) this.#training.delete(adapter);
    }
  }

  #rows(call: CallId, data: DataSource, signal: AbortSignal): RowSource {
    if (data.kind === 'blob') return data;
    const ask = (count: number): void => this.#host.emit({ type: 'need_data', call, dataset: data.name, count });
    const feed = new ExampleFeed(ask, signal);
    const feeds = this.#feeds.get(call) ?? new Map<DatasetName, ExampleFeed>();
    this.#feeds.set(call, feeds.set(data.name, feed));
    return { kind: 'examples', examples: feed, length: data.length };
  }
}

function notKept(): WebVeraError {
  return new WebVeraError(
    'not_found',
    'export_run: expected a run whose state was kept, got one without a checkpoint',
    {
      hint: "Export it while it goes on or is paused, or train with a save_strategy other than 'no'.",
    },
  );
}

function noop(): void {}
