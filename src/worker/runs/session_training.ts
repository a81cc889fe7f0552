import { untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';
import type { RunControl } from '../../core/types/run';
import type { PauseReason, ResolvedTrainingArguments, SentExample, TrainOutput } from '../../core/types/training';
import type { RowSource } from '../../tasks/task/task_data';
import type { TrainingInit } from '../../train/training_init';
import type { LoadedModels, ModelPass } from '../models/loaded_models';
import { RunKernels } from '../models/run_kernels';
import type { SessionKernels } from '../models/session_kernels';
import type { TrainingTurn } from '../models/training_turns';
import type { SessionHost } from '../protocol';
import type { CallId } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import { type CreatedRun, createRun, evaluate, type RunInputs, storedRun } from './create_run';
import { ExampleFeed } from './example_feed';
import type { CheckpointHost } from './run_checkpoints';
import { expectExportable, exportRun } from './run_export';
import type {
  DataSource,
  DatasetName,
  EvaluateRequest,
  Evaluation,
  ExportRequest,
  RunCalls,
  TrainRequest,
} from './run_protocol';

/** A run in progress, with its model and overlay. */
interface Running extends CreatedRun, ModelPass {
  readonly args: ResolvedTrainingArguments;
  readonly turn: TrainingTurn;
  /** Whether the page's user has paused the run. */
  isPaused: boolean;
}

/** A requested run, with the adapters that it trains. */
interface ChosenRun extends ModelPass {
  readonly turn: TrainingTurn;
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
  /** Runs that wait for the page's `startTraining`, each with the function that starts it. */
  readonly #waiting = new Map<CallId, () => void>();

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
    return this.#calls.run(call, async (signal) => {
      const { turn, ...pass } = await this.#choose(request, signal);
      try {
        return await this.#onData(call, request, { ...pass, signal }, (reading) =>
          this.#train(call, request, reading, turn),
        );
      } finally {
        turn.end();
      }
    });
  }

  async startTraining(run: CallId): Promise<void> {
    this.#waiting.get(run)?.();
  }

  evaluate(call: CallId, request: EvaluateRequest): Promise<Evaluation> {
    return this.#reading(call, request, evaluate);
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
    return this.#reading(call, request, async (reading) => {
      expectExportable(reading);
      const kernels = new RunKernels(this.#kernels);
      const stored = await storedRun({ ...reading, kernels, checkpoints: this.#checkpoints });
      if (request.begun && stored.snapshot.progress.global_step === 0) throw notKept();
      return exportRun({ ...reading, ...stored });
    });
  }

  async pushExamples(
    call: CallId,
    dataset: DatasetName,
    examples: readonly SentExample[],
    done: boolean,
  ): Promise<void> {
    this.#feeds.get(call)?.get(dataset)?.push(examples, done);
  }

  async pauseTraining(run: CallId, reason: PauseReason): Promise<void> {
    const running = this.#runs.get(run);
    if (running === undefined) return;
    if (reason === 'user') running.isPaused = true;
    await running.run.pause(reason);
    running.turn.pause(running.isPaused);
  }

  async resumeTraining(run: CallId, reason: PauseReason): Promise<void> {
    const running = this.#runs.get(run);
    if (running === undefined) return;
    if (reason === 'user') running.isPaused = false;
    running.turn.pause(running.isPaused);
    running.run.resume(reason);
  }

  async controlTraining(run: CallId, control: RunControl): Promise<void> {
    const running = this.#runs.get(run);
    running?.run.control(control);
    if (control.check_lock) running?.check().catch(() => {}); // the next save reports the error
  }

  async #train(
    call: CallId,
    { hooks, eval_data, resume_from_checkpoint: resume, take_over: takesOver }: TrainRequest,
    reading: RunInputs,
    turn: TrainingTurn,
  ): Promise<TrainOutput> {
    const { model, overlay, args, signal } = reading;
    const wanted = new Set<string>(hooks);
    const emit: TrainingInit['emit'] = (event, progress) => {
      if (event.type === 'hook' && !wanted.has(event.hook)) return;
      this.#host.emit({ type: 'train', call, progress, event });
    };
    const kernels = new RunKernels(this.#kernels);
    const evalData = eval_data && { evalData: (until: AbortSignal) => this.#rows(call, eval_data, until) };
    const init = { ...reading, ...evalData, resume, takesOver, kernels, checkpoints: this.#checkpoints };
    const created = createRun(init, emit);
    // From here on the run can be paused and stopped.
    this.#runs.set(call, { ...created, model, overlay, args, turn, isPaused: false });
    try {
      const started = new Promise<void>((resolve) => this.#waiting.set(call, resolve));
      this.#host.emit({ type: 'chosen', call, adapters: overlay.adapters.map(({ name }) => name) });
      await untilAborted(started, signal);
      await turn.earlier;
      return await created.train();
    } finally {
      this.#waiting.delete(call);
      this.#runs.delete(call);
    }
  }

  /**
   * Chooses the adapters that a run trains, after the model's pending changes are made. From then on no other run may
   * train them.
   */
  async #choose({ model: handle, trained, adapter_name }: TrainRequest, signal: AbortSignal): Promise<ChosenRun> {
    let turn: TrainingTurn | undefined;
    try {
      return await this.#models.inTurn(handle, signal, async () => {
        const pass = this.#models.find(handle, trained ?? adapter_name);
        const adapters = pass.overlay.adapters.filter(({ trainable }) => trainable);
        turn = this.#models.training.take(adapters, signal);
        return { ...pass, turn };
      });
    } catch (error) {
      turn?.end();
      throw error;
    }
  }

  /**
   * Runs a call that reads a data set, with the adapters that it names, or else the active ones after the model's
   * pending changes.
   */
  #reading<T>(call: CallId, request: EvaluateRequest, body: (reading: RunInputs) => Promise<T>): Promise<T> {
    return this.#calls.run(call, async (signal) => {
      const { model: handle, adapter_name } = request;
      const pass = await this.#models.inTurn(handle, signal, async () => this.#models.find(handle, adapter_name));
      return this.#onData(call, request, { ...pass, signal }, body);
    });
  }

  /** Runs `body` as a job on the model, with the data set. */
  async #onData<T>(
    call: CallId,
    { args, data }: EvaluateRequest,
    { model, overlay, signal }: ModelPass & { readonly signal: AbortSignal },
    body: (reading: RunInputs) => Promise<T>,
  ): Promise<T> {
    const rows = (until: AbortSignal): RowSource => this.#rows(call, data, until);
    try {
      return await model.jobs.run(overlay.key, signal, (ending) =>
        body({ model, overlay, args, data: rows, signal: ending }),
      );
    } finally {
      this.#feeds.delete(call);
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
      hint: "Export it while it is in progress or paused, or train with a save_strategy other than 'no'.",
    },
  );
}
