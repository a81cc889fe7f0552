import type { Overlay } from '../../adapters/overlay';
import type { VeraAdapter } from '../../adapters/vera_adapter';
import { untilAborted } from '../../core/abort';
import { WebVeraError } from '../../core/error';
import type { RunControl } from '../../core/run';
import type { Example, PauseReason, ResolvedTrainingArguments, TrainOutput } from '../../core/training';
import type { RowSource } from '../../tasks/task';
import type { TrainingInit } from '../../train/training_init';
import type { SessionKernels } from '../models/session_kernels';
import type { Pass, SessionModels } from '../models/session_models';
import type {
  CallId,
  DataSource,
  EvaluateRequest,
  Evaluation,
  ExportRequest,
  SessionHost,
  TrainRequest,
} from '../protocol';
import { ExampleFeed } from './example_feed';
import { expectOne, exportRun } from './export_run';
import type { CheckpointHost } from './run_checkpoints';
import { type CreatedRun, createRun, evaluate, storedRun } from './training';

/** A run that goes on, and what it is a run of. */
interface Running extends CreatedRun, Pass {
  readonly args: ResolvedTrainingArguments;
}

interface Turn {
  readonly signal: AbortSignal;
  readonly over: Promise<void>;
}

/** The session's runs, and the data sets that the page feeds them. */
export class SessionTraining {
  readonly #host: SessionHost;
  readonly #models: SessionModels;
  readonly #kernels: SessionKernels;
  readonly #checkpoints: CheckpointHost;
  readonly #feeds = new Map<CallId, ExampleFeed>();
  readonly #runs = new Map<CallId, Running>();
  /** By the adapter that trains. */
  readonly #training = new Map<VeraAdapter, Turn>();

  constructor(host: SessionHost, models: SessionModels, kernels: SessionKernels, checkpoints: CheckpointHost) {
    this.#host = host;
    this.#models = models;
    this.#kernels = kernels;
    this.#checkpoints = checkpoints;
  }

  async train(
    call: CallId,
    {
      model: handle,
      adapter_name,
      trained,
      args,
      data,
      hooks,
      resume_from_checkpoint: resume,
      take_over: takesOver,
    }: TrainRequest,
    signal: AbortSignal,
  ): Promise<TrainOutput> {
    const { model, overlay } = this.#models.find(handle, trained ?? adapter_name);
    const wanted = new Set<string>(hooks);
    const emit: TrainingInit['emit'] = (event, progress) => {
      if (event.type === 'hook' && !wanted.has(event.hook)) return;
      this.#host.emit({ type: 'train', call, progress, event });
    };
    return model.jobs.run(overlay.key, signal, async (ending) => {
      const rows = (until: AbortSignal): RowSource => this.#rows(call, data, until);
      const request = { model, overlay, args, data: rows, signal: ending, resume, takesOver };
      const kernels = this.#kernels.ofRun();
      const created = createRun({ ...request, kernels, checkpoints: this.#checkpoints }, emit);
      // From here on it can be paused and stopped.
      this.#runs.set(call, { ...created, model, overlay, args });
      try {
        return await this.#oneAtATime(overlay, ending, () => created.train());
      } finally {
        this.#runs.delete(call);
        this.#feeds.delete(call);
      }
    });
  }

  async evaluate(
    call: CallId,
    { model: handle, adapter_name, args, data }: EvaluateRequest,
    signal: AbortSignal,
  ): Promise<Evaluation> {
    const { model, overlay } = this.#models.find(handle, adapter_name);
    const rows = (until: AbortSignal): RowSource => this.#rows(call, data, until);
    try {
      return await model.jobs.run(overlay.key, signal, (ending) =>
        evaluate({ model, overlay, args, data: rows, signal: ending }),
      );
    } finally {
      this.#feeds.delete(call);
    }
  }

  /** Of a run that goes on: from where it stands, soon. Undefined once it is over. */
  async exportRunning(run: CallId, signal: AbortSignal): Promise<ReadonlyMap<string, Blob> | undefined> {
    const running = this.#runs.get(run);
    if (running === undefined) return undefined;
    const { model, overlay } = running;
    expectOne(overlay);
    const asked = running.run.snapshot().catch(() => undefined); // it ended before it came to another step
    const snapshot = await untilAborted(asked, signal);
    if (snapshot === undefined) return undefined;
    const whole = { ...running, rows: running.rows(), snapshot };
    return model.jobs.run(overlay.key, signal, (ending) => exportRun({ ...whole, signal: ending }));
  }

  /** Of a run that doesn't go on: from its last checkpoint, or from its beginning. */
  async exportStored(
    call: CallId,
    { model: handle, adapter_name, args, data, begun }: ExportRequest,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Blob>> {
    const { model, overlay } = this.#models.find(handle, adapter_name);
    expectOne(overlay);
    const rows = (until: AbortSignal): RowSource => this.#rows(call, data, until);
    const kernels = this.#kernels.ofRun();
    const checkpoints = this.#checkpoints;
    try {
      return await model.jobs.run(overlay.key, signal, async (ending) => {
        const request = { model, overlay, args, data: rows, signal: ending, kernels, checkpoints };
        const stored = await storedRun(request);
        if (begun && stored.snapshot.progress.global_step === 0) throw notKept();
        return exportRun({ model, overlay, args, ...stored, signal: ending });
      });
    } finally {
      this.#feeds.delete(call);
    }
  }

  pushExamples(call: CallId, examples: readonly Example[], done: boolean): void {
    this.#feeds.get(call)?.push(examples, done);
  }

  async pause(run: CallId, reason: PauseReason): Promise<void> {
    await this.#runs.get(run)?.run.pause(reason);
  }

  resume(run: CallId, reason: PauseReason): void {
    this.#runs.get(run)?.run.resume(reason);
  }

  control(call: CallId, control: RunControl): void {
    const running = this.#runs.get(call);
    running?.run.control(control);
    if (control.check_lock) running?.check().catch(() => {}); // the next save tells
  }

  /** Two runs would undo each other's steps: the second is refused, or waits where the first is aborted already. */
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
    const ask = (count: number): void => this.#host.emit({ type: 'need_data', call, count });
    const feed = new ExampleFeed(ask, signal);
    this.#feeds.set(call, feed);
    return { kind: 'examples', examples: feed };
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
