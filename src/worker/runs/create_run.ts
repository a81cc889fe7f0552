import type { Adapter } from '../../adapters/adapter';
import type { Overlay } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';
import type { Holder } from '../../core/locks/held_name';
import { planSteps } from '../../core/numbers/step_plan';
import { NOT_EVALUATED, NOT_HALVED, type PoolSnapshot, type RunSnapshot } from '../../core/types/snapshot';
import type { ResolvedTrainingArguments, TrainOutput } from '../../core/types/training';
import { reported } from '../../tasks/reading/reported';
import { refused } from '../../tasks/refused';
import type { Task } from '../../tasks/task/task';
import { batchesInOrder } from '../../tasks/task/task_batches';
import type { RowSource } from '../../tasks/task/task_data';
import { expectMetric } from '../../train/evaluation';
import { rowsToMeasure } from '../../train/steps/row_order';
import { largestBatch, trainingSteps } from '../../train/steps/steps';
import type { TrainingData, TrainingInit } from '../../train/training_init';
import { TrainingRun } from '../../train/training_run';
import type { BaseModel } from '../models/base_model';
import { readFloats } from '../models/loading/file_order';
import type { RunKernels } from '../models/run_kernels';
import type { Evaluation } from '../protocol';
import { type CheckpointHost, RunCheckpoints } from './run_checkpoints';

export interface RunInputs {
  readonly model: BaseModel;
  readonly overlay: Overlay;
  readonly args: ResolvedTrainingArguments;
  /** Opens the data set. The signal ends reading. */
  data(signal: AbortSignal): RowSource;
  /** Opens the data set that the run is measured on between its steps, if any. */
  readonly evalData?: ((signal: AbortSignal) => RowSource) | undefined;
  readonly signal: AbortSignal;
}

interface StoredRunRequest extends RunInputs {
  readonly checkpoints: CheckpointHost;
  readonly kernels: RunKernels;
}

interface RunRequest extends StoredRunRequest {
  /** Whether to resume from a checkpoint: true for the last one, if there is one; a name for one that must exist. */
  readonly resume: boolean | string;
  /** Whether to take the run over from another tab or session. */
  readonly takesOver: boolean;
}

export interface CreatedRun {
  readonly run: TrainingRun;
  /** The rows that the run trains on: empty until the data set is read. */
  rows(): readonly unknown[];
  /** Trains to the end. Rejects with `locked_by_other_tab` if another tab takes the run over. */
  train(): Promise<TrainOutput>;
  /** Checks whether another tab has taken the run over. */
  check(): Promise<void>;
}

/** Creates a run that reads the data, then trains. Throws if no adapter trains. */
export function createRun(
  { model, overlay, args, data, evalData, signal, resume, takesOver, checkpoints: host, kernels }: RunRequest,
  emit: TrainingInit['emit'],
): CreatedRun {
  const adapters = expectTrainable(overlay, args);
  const task: Task = model.task;
  let rows: readonly unknown[] = [];
  let checkpoints: RunCheckpoints | undefined;
  /** The run's last step, once it is known. */
  let end = Number.POSITIVE_INFINITY;
  let isAsked = false;
  const lost = new AbortController();
  const holder: Holder = {
    onAsked() {
      isAsked = true;
      run.control({ should_training_stop: true });
    },
    onLost: () => lost.abort(takenOver()),
  };
  const run = new TrainingRun({
    runner: kernels.runner,
    loaded: model.loaded,
    task,
    overlay,
    adapters,
    args,
    signal: AbortSignal.any([signal, lost.signal]),
    resumes: resume !== false,
    tuning: () => kernels.tuning(),
    async prepare(stop, onRead) {
      const source = reported(data(stop), (read) => onRead({ dataset: 'train_dataset', ...read }));
      const collected = await task.collect(source, { args, purpose: 'training', signal: stop });
      rows = collected.rows;
      for (const warning of collected.warnings) host.warn(warning);
      if (evalData !== undefined) expectMetric(args, task);
      const evalSource = evalData && reported(evalData(stop), (read) => onRead({ dataset: 'eval_dataset', ...read }));
      const evaluate = evalSource && (await evaluationOf({ model, overlay, args }, evalSource, stop));
      const { maxSteps } = planSteps(rows.length, args);
      end = maxSteps;
      const steps: TrainingData['steps'] = (done) => trainingSteps(task, rows, args, done);
      checkpoints = new RunCheckpoints(host, { model, overlay, adapters, args, rows, kernels, holder });
      try {
        if (takesOver) await checkpoints.takeOver(stop);
        const restored = resume === false ? undefined : await checkpoints.restore(resume, maxSteps);
        stop.throwIfAborted();
        return { maxSteps, largest: largestBatch(task, rows, args), steps, checkpoints, evaluate, restored };
      } catch (error) {
        checkpoints.close();
        throw error;
      }
    },
    emit,
  });
  return {
    run,
    rows: () => rows,
    async train() {
      const output = await run.run();
      if (isAsked && output.global_step < end) throw takenOver();
      return output;
    },
    check: async () => checkpoints?.check(),
  };
}

function takenOver(): WebVeraError {
  return new WebVeraError('locked_by_other_tab', 'Another tab has taken the run over, and it has ended here', {
    hint: 'The run continues there; take_over: true takes it back.',
    detail: { taken_over: true },
  });
}

/** The state from which a run that isn't in progress would resume: its last checkpoint, or else its initial state. */
export async function storedRun(
  request: StoredRunRequest,
): Promise<{ readonly rows: readonly unknown[]; readonly snapshot: RunSnapshot }> {
  const { model, overlay, args, data, signal, checkpoints: host, kernels } = request;
  const adapters = expectTrainable(overlay, args);
  const { rows } = await model.task.collect(data(signal), { args, purpose: 'training', signal });
  const { maxSteps } = planSteps(rows.length, args);
  const stored = await new RunCheckpoints(host, { model, overlay, adapters, args, rows, kernels }).last(maxSteps);
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
 * The adapters that a run trains. Throws `invalid_argument` if there are none, if they are merged, or if
 * `headLearningRate` is given and none trains a module.
 */
function expectTrainable(overlay: Overlay, { headLearningRate }: ResolvedTrainingArguments): readonly Adapter[] {
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

/** Reads the data now, and returns a function that measures the adapters on it. Texts longer than a row are split. */
async function evaluationOf(
  { model, overlay, args }: Pick<RunInputs, 'model' | 'overlay' | 'args'>,
  source: RowSource,
  signal: AbortSignal,
): Promise<NonNullable<TrainingData['evaluate']>> {
  const task: Task = model.task;
  const { rows } = await task.collect(source, { args, purpose: 'evaluation', signal });
  const contrastTemperature = args.contrastTemperature ?? undefined;
  return async (options) => {
    const batches = batchesInOrder(task, await rowsToMeasure(task, rows, args), args);
    return task.metrics(await model.losses.measure(batches, overlay, { ...options, contrastTemperature }));
  };
}

/** The task's metrics over all of the data. */
export async function evaluate(inputs: RunInputs): Promise<Evaluation> {
  const { data, signal } = inputs;
  return (await evaluationOf(inputs, data(signal), signal))({ signal });
}
