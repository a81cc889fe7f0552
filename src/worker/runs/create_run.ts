import type { Adapter } from '../../adapters/adapter';
import type { Overlay } from '../../adapters/layers/overlay';
import { lazily } from '../../core/async/lazily';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { planSteps } from '../../core/numbers/step_plan';
import { NOT_EVALUATED, NOT_HALVED, type PoolSnapshot, type RunSnapshot } from '../../core/types/snapshot';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { reported } from '../../tasks/reading/reported';
import { refused } from '../../tasks/refused';
import type { RunTask } from '../../tasks/task/run_task';
import { batchesInOrder } from '../../tasks/task/task_batches';
import type { CollectOptions, RowSource } from '../../tasks/task/task_data';
import { taskOfRun } from '../../tasks/task_of_run';
import { expectMetric } from '../../train/evaluation';
import { isUneven } from '../../train/rising_loss';
import { rowsOfRun, rowsToMeasure } from '../../train/steps/row_order';
import { largestBatch, trainingSteps } from '../../train/steps/steps';
import type { TrainingData, TrainingInit } from '../../train/training_init';
import { TrainingRun } from '../../train/training_run';
import type { BaseModel } from '../models/base_model';
import { readFloats } from '../models/loading/file_order';
import type { RunKernels } from '../models/run_kernels';
import type { Evaluation } from '../protocol';
import { argumentWarnings } from './argument_warnings';
import { type CreatedRun, type HoldRequest, RunHold } from './checkpoints/held_run';
import { type CheckpointHost, RunCheckpoints } from './checkpoints/run_checkpoints';
import { type Compared, comparison } from './comparison';

export interface RunInputs {
  readonly model: BaseModel;
  readonly overlay: Overlay;
  readonly args: ResolvedTrainingArguments;
  /** Opens the data set. The signal aborts reading. */
  data(signal: AbortSignal): RowSource;
  /** Opens the data set for evaluations during the run, if any. */
  readonly evalData?: ((signal: AbortSignal) => RowSource) | undefined;
  readonly signal: AbortSignal;
}

interface Measuring extends Pick<CollectOptions, 'isWeighted'> {
  /** Receives warnings about the data; if undefined, they are not reported. */
  readonly warn?: Warn | undefined;
}

interface StoredRunRequest extends RunInputs {
  readonly checkpoints: CheckpointHost;
  readonly kernels: RunKernels;
}

export interface RunRequest extends StoredRunRequest, HoldRequest, Pick<TrainingInit, 'heard'> {}

/** Creates a run that reads the data, then trains. Throws if no adapter is trainable. */
export function createRun(request: RunRequest, emit: TrainingInit['emit']): CreatedRun {
  const { model, overlay, args, resume, checkpoints: host, kernels } = request;
  const adapters = expectTrainable(overlay, args);
  const task = taskOfRun(model, args);
  const hold = new RunHold(request);
  const run = new TrainingRun({
    runner: kernels.runner,
    loaded: model.loaded,
    task,
    overlay,
    adapters,
    args,
    signal: hold.signal,
    heard: request.heard,
    resumes: resume !== false,
    tuning: () => kernels.tuning(),
    warn: host.warn,
    async prepare(stop, onRead) {
      const { rows, maxSteps, evaluate } = await readData({ ...request, task, warn: host.warn }, stop, onRead);
      const pass = { task, runner: kernels.runner, loaded: model.loaded, args };
      const parts = { model, task, overlay, adapters, args, rows, kernels };
      const opened = await hold.open(parts, { end: maxSteps, until: stop, run });
      const { restored } = opened;
      return { maxSteps, ...stepsOf(pass, rows, { maxSteps, restored }), ...opened, evaluate };
    },
    emit,
  });
  return hold.around(run);
}

type ReadInputs = Omit<RunInputs, 'signal'> & { readonly task: RunTask; readonly warn: Warn };
type ReadData = Pick<TrainingData, 'maxSteps' | 'evaluate'> & { readonly rows: readonly unknown[] };

/** Reads the data of a run, or of one of its adapters, and reports progress and warnings. */
export async function readData(
  { data, evalData, ...inputs }: ReadInputs,
  stop: AbortSignal,
  onRead: Parameters<TrainingInit['prepare']>[1],
): Promise<ReadData> {
  const { model, task, args, warn } = inputs;
  const source = reported(data(stop), (read) => onRead({ dataset: 'train_dataset', ...read }));
  const { rows, warnings } = await task.collect(source, { args, purpose: 'training', signal: stop });
  for (const warning of [...warnings, ...argumentWarnings(args, rows.length, model.loaded.model)]) warn(warning);
  const openEvaluation =
    evalData &&
    ((signal: AbortSignal) => reported(evalData(signal), (read) => onRead({ dataset: 'eval_dataset', ...read })));
  const evaluate = openEvaluation && (await evaluationDuring(inputs, openEvaluation, stop));
  return { rows, maxSteps: planSteps(rows.length, args).maxSteps, evaluate };
}

/** Returns the steps of a run, properties of their batches, and the comparison with the base model that runs before the first step. */
function stepsOf(
  pass: Compared & { readonly args: ResolvedTrainingArguments },
  rows: readonly unknown[],
  { maxSteps, restored }: Pick<TrainingData, 'maxSteps' | 'restored'>,
): Pick<TrainingData, 'isUneven' | 'largest' | 'steps' | 'compare'> {
  const { task, args } = pass;
  return {
    isUneven: isUneven(task, rows),
    largest: largestBatch(task, rows, args),
    steps: (done) => trainingSteps(task, rows, args, done),
    compare: comparison(pass, {
      all: rows,
      used: () => rowsOfRun(task, rows, args, maxSteps),
      known: restored?.reference,
    }),
  };
}

/**
 * Reads the data of a run that isn't in progress, and the state from which it would resume: its last checkpoint, or else its initial state.
 */
export async function storedRun(
  request: StoredRunRequest,
): Promise<{ readonly rows: readonly unknown[]; readonly snapshot: RunSnapshot }> {
  const { model, overlay, args, data, signal, checkpoints: host, kernels } = request;
  const adapters = expectTrainable(overlay, args);
  const task = taskOfRun(model, args);
  const { rows } = await task.collect(data(signal), { args, purpose: 'training', signal });
  const { maxSteps } = planSteps(rows.length, args);
  const stored = await new RunCheckpoints(host, { model, task, overlay, adapters, args, rows, kernels }).last(maxSteps);
  const { progress, ...rest } = stored ?? (await beginning(model, adapters));
  return { rows, snapshot: { ...rest, progress: { ...progress, max_steps: maxSteps } } };
}

async function beginning({ runner }: BaseModel, adapters: readonly Adapter[]): Promise<RunSnapshot> {
  const pools = adapters.map(async ({ pool }): Promise<PoolSnapshot> => {
    const parameters = await readFloats(runner, pool);
    const zeros = new Float32Array(parameters.length);
    return { parameters, exp_avg: zeros, exp_avg_sq: zeros };
  });
  return {
    progress: { global_step: 0, max_steps: 0, epoch: 0 },
    lossSum: 0,
    logs: [],
    halving: NOT_HALVED,
    evaluation: NOT_EVALUATED,
    pools: await Promise.all(pools),
  };
}

/**
 * Returns the adapters that a run trains. Throws `invalid_argument` if there are none, if adapters are merged, or if `headLearningRate` is
 * given and no adapter trains a whole module.
 */
export function expectTrainable(overlay: Overlay, { headLearningRate }: ResolvedTrainingArguments): readonly Adapter[] {
  const adapters = overlay.adapters.filter(({ trainable }) => trainable);
  if (adapters.length === 0) {
    const [first] = overlay.adapters;
    const what = first === undefined ? 'no adapter is active' : `adapter ${first.name} was loaded for inference`;
    throw new WebVeraError('invalid_argument', `Training: expected an active adapter that trains, but ${what}`, {
      hint: 'Load the adapter with is_trainable: true, or add one with get_peft_model.',
    });
  }
  if (overlay.mergedModules.size > 0) {
    throw new WebVeraError('invalid_argument', 'Training: expected adapters that are not merged', {
      hint: 'Call unmerge_adapter() first.',
    });
  }
  if (headLearningRate !== null && !adapters.some(trainsModules)) {
    throw refused('headLearningRate', 'no module is trained whole', HEADS);
  }
  return adapters;
}

const HEADS =
  "learning_rate is that of the vectors. task_type: 'SEQ_CLS' or modules_to_save in the adapter's configuration trains a head.";

function trainsModules({ tensors }: Adapter): boolean {
  return [...tensors.values()].some(({ kind }) => kind === 'module');
}

type Measure = NonNullable<TrainingData['evaluate']>;
type MeasuredInputs = Pick<RunInputs, 'model' | 'overlay' | 'args'> & Measuring & { readonly task: RunTask };

/**
 * Returns the function that evaluates a run. Reads the data now if the arguments plan evaluations, otherwise when a callback first requests
 * an evaluation. Throws `invalid_argument` if evaluations are planned and the task lacks the metric `metric_for_best_model`.
 */
async function evaluationDuring(
  inputs: MeasuredInputs,
  open: (signal: AbortSignal) => RowSource,
  signal: AbortSignal,
): Promise<Measure> {
  if (inputs.args.eval_strategy !== 'no') {
    expectMetric(inputs.args, inputs.task);
    return evaluationOf(inputs, open(signal), signal);
  }
  // A run that was stopped may still evaluate, so the data are read until the evaluation ends, not until the run stops.
  let until = signal;
  const measure = lazily(() => evaluationOf(inputs, open(until), until));
  return async (options) => {
    until = options.signal ?? signal;
    return (await measure())(options);
  };
}

/** Reads the data, and returns a function that measures the adapters on it, as often as it is called. */
export async function evaluationOf(
  { model, task, overlay, args, isWeighted, warn }: MeasuredInputs,
  source: RowSource,
  signal: AbortSignal,
): Promise<Measure> {
  const { rows, warnings } = await task.collect(source, { args, purpose: 'evaluation', isWeighted, signal });
  for (const { code, message } of warnings) warn?.({ code, message: `eval_dataset: ${message}` });
  const contrastTemperature = args.contrastTemperature ?? undefined;
  const { runner, loaded } = model;
  let compare = comparison({ task, runner, loaded, args }, { all: rows, used: async () => rows });
  return async (options) => {
    await compare?.(options);
    compare = undefined;
    const batches = batchesInOrder(task, await rowsToMeasure(task, rows, args), args);
    return task.metrics(await model.losses.measure(batches, overlay, { ...options, contrastTemperature, task }));
  };
}

/** Computes the task's metrics over the whole data set. */
export async function evaluate(inputs: RunInputs & Measuring): Promise<Evaluation> {
  const { model, args, data, signal } = inputs;
  const task = taskOfRun(model, args);
  return (await evaluationOf({ ...inputs, task }, data(signal), signal))({ signal });
}
