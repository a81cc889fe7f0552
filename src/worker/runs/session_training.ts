import { untilAborted } from '../../core/async/abort';
import { late } from '../../core/async/late';
import { WebVeraError } from '../../core/errors/error';
import type { ResolvedTrainingArguments, TrainOutput } from '../../core/types/training';
import type { ProfileStore } from '../../store/profile_store';
import type { RowSource } from '../../tasks/task/task_data';
import type { LoadedModels, ModelPass } from '../models/loaded_models';
import { RunKernels } from '../models/run_kernels';
import type { SessionKernels } from '../models/session_kernels';
import type { TrainingTurn } from '../models/training_turns';
import type { Handle, SessionHost } from '../protocol';
import type { Answers, CallId } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import type { CreatedRun } from './checkpoints/held_run';
import type { CheckpointHost } from './checkpoints/run_checkpoints';
import type { RunInputs } from './create_run';
import { ExampleFeed } from './example_feed';
import type { FeatureCache } from './row_features';
import type { DataSource, DatasetName, EvaluateRequest, RunCalls, TrainRequest } from './run_protocol';
import type { StoredFeatures } from './stored_features';

/**
 * Loads the code that executes runs. A run chooses its adapters before this load, because other calls may activate other adapters while
 * the code loads.
 */
export const runCode = late(async () => await import('./run_code'));

/** A run in progress, with its model and overlay. */
interface Running extends CreatedRun, ModelPass {
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal;
  readonly args: ResolvedTrainingArguments;
  readonly turn: TrainingTurn;
  /** Starts the run. Called once the page has answered `chosen`. */
  start(): void;
  /** Lets the run end. Set when the run waits for its callbacks. */
  heard?: () => void;
  /** Whether the user has paused the run. */
  isPaused: boolean;
}

/** The session's runs and the data sets that the page sends, both by call id, and features that later calls reuse. */
export class RunsInProgress {
  /** The features that `fit_head` stores for later calls. Undefined until its first call. */
  features: FeatureCache | undefined;
  /** The stored features of the last profile whose head was solved for. */
  stored: StoredFeatures | undefined;
  readonly runs = new Map<CallId, Running>();
  readonly feeds = new Map<CallId, Map<DatasetName, ExampleFeed>>();
}

/** The fields of a session that the calls about runs use. */
export interface RunRoom {
  readonly host: SessionHost;
  readonly calls: Calls;
  readonly models: LoadedModels;
  readonly kernels: SessionKernels;
  readonly checkpoints: CheckpointHost;
  readonly profiles: ProfileStore;
  readonly inProgress: RunsInProgress;
}

export const runCalls: Answers<RunCalls, RunRoom> = {
  train(call, request) {
    return onTrained(this, call, request, (reading, turn) => train(this, call, request, reading, turn));
  },

  async startTraining(run) {
    this.inProgress.runs.get(run)?.start();
  },

  evaluate(call, request) {
    const { isWeighted } = request;
    // Only profiles request weighted losses. They measure portions of their examples again and again, so warnings would repeat.
    const more = { isWeighted, warn: isWeighted ? undefined : this.checkpoints.warn };
    return withData(this, call, request, async (reading) => (await runCode()).evaluate({ ...reading, ...more }));
  },

  fitHead(call, request) {
    return onTrained(this, call, request, async (reading, turn) => {
      const { FeatureCache, fitHead, StoredFeatures } = await runCode();
      this.inProgress.features ??= new FeatureCache();
      const { features } = this.inProgress;
      await untilAborted(turn.earlier, reading.signal);
      const { C, scale, augment, eval_data, eval_weights: evalWeights, profile } = request;
      const { warn } = this.checkpoints;
      const kernels = await this.kernels.choice();
      if (profile !== undefined && this.inProgress.stored?.name.born !== profile.born) {
        this.inProgress.stored = new StoredFeatures(this.profiles, profile, warn);
      }
      const stored = profile && this.inProgress.stored;
      const evalData = eval_data && ((until: AbortSignal) => rowsOf(this, call, eval_data, until));
      const ready = (): Promise<void> => this.calls.ready(call, reading.signal);
      return fitHead({ ...reading, evalData, evalWeights, C, scale, augment, features, kernels, stored, ready, warn });
    });
  },

  exportRunning(call, run) {
    return this.calls.run(call, async (signal) => {
      const running = this.inProgress.runs.get(run);
      if (running === undefined) return undefined;
      const { model, overlay } = running;
      const { expectExportable, exportRun } = await runCode();
      expectExportable(running);
      // Undefined if the run ends before its next step.
      const asked = untilAborted(running.run.standstill.snapshot(), running.signal).catch(() => undefined);
      const snapshot = await untilAborted(asked, signal);
      if (snapshot === undefined) return undefined;
      const whole = { ...running, rows: running.rows(), snapshot };
      return model.jobs.run(overlay.key, signal, (ending) => exportRun({ ...whole, signal: ending }));
    });
  },

  exportStored(call, request) {
    return withData(this, call, request, async (reading) => {
      const { expectExportable, exportRun, storedRun } = await runCode();
      expectExportable(reading);
      const kernels = new RunKernels(this.kernels);
      const stored = await storedRun({ ...reading, kernels, checkpoints: this.checkpoints });
      if (request.begun && stored.snapshot.progress.global_step === 0) throw notKept();
      return exportRun({ ...reading, ...stored });
    });
  },

  async pushExamples(call, dataset, examples, done) {
    this.inProgress.feeds.get(call)?.get(dataset)?.push(examples, done);
  },

  async pauseTraining(run, reason) {
    const running = this.inProgress.runs.get(run);
    if (running === undefined) return;
    if (reason === 'user') running.isPaused = true;
    await running.run.standstill.pause(reason);
    running.turn.pause(running.isPaused);
  },

  async resumeTraining(run, reason) {
    const running = this.inProgress.runs.get(run);
    if (running === undefined) return;
    if (reason === 'user') running.isPaused = false;
    running.turn.pause(running.isPaused);
    running.run.standstill.resume(reason);
  },

  async controlTraining(run, control) {
    const running = this.inProgress.runs.get(run);
    running?.run.control(control);
    // A stopped run is no longer paused and may still change the adapter, so merges wait for it again.
    if (running !== undefined && control.should_training_stop) unpause(running);
    if (control.heard) running?.heard?.();
    if (control.check_lock) running?.check().catch(() => {}); // the next save reports the error
  },
};

/** Marks the run as no longer paused, so that calls that need its adapters unchanged, such as merges, wait for it again. */
function unpause(running: Running): void {
  running.isPaused = false;
  running.turn.pause(false);
}

async function train(
  room: RunRoom,
  call: CallId,
  { hooks, eval_data, together, resume_from_checkpoint: resume, take_over: takesOver }: TrainRequest,
  reading: RunInputs,
  turn: TrainingTurn,
): Promise<TrainOutput> {
  const { host, checkpoints, inProgress } = room;
  const { overlay, signal } = reading;
  const wanted = new Set<string>(hooks);
  const heard = (): Promise<void> =>
    new Promise((resolve) => {
      const running = inProgress.runs.get(call);
      if (running === undefined || wanted.size === 0) return resolve();
      running.heard = resolve;
      host.emit({ type: 'reported', call });
    });
  const kernels = new RunKernels(room.kernels);
  const { createJointRun, createRun, RunEvents } = await runCode();
  const events = new RunEvents(wanted, (event, progress, adapter) => {
    host.emit({ type: 'train', call, progress, event, ...(adapter !== undefined && { adapter }) });
  });
  const evalData = eval_data && { evalData: (until: AbortSignal) => rowsOf(room, call, eval_data, until) };
  // When another tab asks for the run, the run stops in this tab, so it is no longer paused.
  const onAsked = (): void => {
    const running = inProgress.runs.get(call);
    if (running !== undefined) unpause(running);
  };
  const request = { ...reading, ...evalData, heard, resume, takesOver, kernels, checkpoints, onAsked };
  const lanes = together?.map(({ adapter, data, eval_data: own }) => ({
    adapter,
    data: (until: AbortSignal) => rowsOf(room, call, data, until),
    ...(own && { evalData: (until: AbortSignal) => rowsOf(room, call, own, until) }),
  }));
  const created =
    lanes === undefined ? createRun(request, events.emit) : createJointRun({ ...request, lanes }, events.emit);
  try {
    const started = new Promise<void>((start) => {
      // From here on the run can be paused and stopped.
      inProgress.runs.set(call, { ...reading, ...created, turn, start, isPaused: false });
    });
    host.emit({ type: 'chosen', call, adapters: overlay.adapters.map(({ name }) => name) });
    await untilAborted(Promise.all([started, turn.earlier]), signal);
    reading.model.generator.release().catch(() => {}); // a text in progress is finished first, and the run doesn't wait for it
    return await created.train();
  } finally {
    events.flush();
    inProgress.runs.delete(call);
  }
}

type TrainedRequest = EvaluateRequest & Pick<TrainRequest, 'trained'> & Partial<Pick<TrainRequest, 'together'>>;

/** Like `withData`, but reserves the adapters that a run trains: no other run may train them until the call ends. */
function onTrained<T>(
  room: RunRoom,
  call: CallId,
  request: TrainedRequest,
  body: (reading: RunInputs, turn: TrainingTurn) => Promise<T>,
): Promise<T> {
  const { model: handle, trained, adapter_name, together } = request;
  return inTurn(room, call, handle, (signal) => {
    const names = together?.map(({ adapter }) => adapter);
    const pass = room.models.pass(handle, trained ?? names ?? adapter_name);
    const adapters = pass.overlay.adapters.filter(({ trainable }) => trainable);
    const turn = room.models.training.take(adapters, signal);
    return onData(room, call, request, { ...pass, signal }, (reading) => body(reading, turn)).finally(() => turn.end());
  });
}

/** Runs a call that reads a data set, with the adapters that the request names, or those active after pending changes. */
function withData<T>(
  room: RunRoom,
  call: CallId,
  request: EvaluateRequest,
  body: (reading: RunInputs) => Promise<T>,
): Promise<T> {
  const { model: handle, adapter_name } = request;
  return inTurn(room, call, handle, (signal) =>
    onData(room, call, request, { ...room.models.pass(handle, adapter_name), signal }, body),
  );
}

/**
 * Begins work on a model after the changes that were requested before. Later changes wait until the work has begun, but not until it ends,
 * and they can abort it.
 */
function inTurn<T>(
  { calls, models }: RunRoom,
  call: CallId,
  handle: Handle,
  begin: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return calls.run(call, async (signal) => {
    const { work } = await models.inTurn(handle, signal, async () => {
      const work = begin(signal);
      work.catch(() => {}); // if the call is aborted, it rejects with the signal's reason instead
      return { work };
    });
    return work;
  });
}

/** Runs `body` with the model and the data set. The model isn't freed before `body` ends. */
async function onData<T>(
  room: RunRoom,
  call: CallId,
  { args, data }: EvaluateRequest,
  { model, overlay, signal }: ModelPass & { readonly signal: AbortSignal },
  body: (reading: RunInputs) => Promise<T>,
): Promise<T> {
  const rows = (until: AbortSignal): RowSource => rowsOf(room, call, data, until);
  try {
    return await model.jobs.run(overlay.key, signal, (ending) =>
      body({ model, overlay, args, data: rows, signal: ending }),
    );
  } finally {
    room.inProgress.feeds.delete(call);
  }
}

function rowsOf(
  { host, inProgress: { feeds } }: RunRoom,
  call: CallId,
  data: DataSource,
  signal: AbortSignal,
): RowSource {
  if (data.kind === 'blob') return data;
  const ask = (count: number): void => host.emit({ type: 'need_data', call, dataset: data.name, count });
  const examples = new ExampleFeed(ask, signal);
  feeds.set(call, (feeds.get(call) ?? new Map<DatasetName, ExampleFeed>()).set(data.name, examples));
  return { kind: 'examples', examples, length: data.length };
}

function notKept(): WebVeraError {
  const message = 'export_run: expected a run whose state was kept, got one without a checkpoint';
  return new WebVeraError('not_found', message, {
    hint: "Export it while it is in progress or paused, or train with a save_strategy other than 'no'.",
  });
}
