import type { Pooling } from '../core/pooling/pooling';
import type { PreferenceLoss } from '../core/preferences/preference';
import type { ImageNumbers } from '../core/types/image';
import type { ProblemType } from '../core/types/model';
import type { Tensor } from '../core/types/tensor';
import type { StepLogs, TrainProgress } from '../core/types/training';
import { pythonJson } from './python_json';
import classifyPy from './run_folder/classify.py?raw';
import dataPy from './run_folder/data.py?raw';
import pooledPy from './run_folder/pooled_classifier.py?raw';
import preferPy from './run_folder/prefer.py?raw';
import readme from './run_folder/README.md?raw';
import requirements from './run_folder/requirements.txt?raw';
import requirementsTrl from './run_folder/requirements_trl.txt?raw';
import trainPy from './run_folder/train.py?raw';
import { writeTensors } from './tensors/tensors';

/** The contents of a folder from which Python resumes a run. */
export interface RunFolder {
  readonly progress: TrainProgress;
  /** The logs of the steps so far. */
  readonly logs: readonly StepLogs[];
  /** The bytes of `adapter_config.json`. */
  readonly config: Uint8Array<ArrayBuffer>;
  /** The bytes of `adapter_model.safetensors`. */
  readonly adapter: Uint8Array<ArrayBuffer>;
  /** AdamW's moments, keyed by torch's names of the parameters. */
  readonly exp_avg: ReadonlyMap<string, Tensor>;
  readonly exp_avg_sq: ReadonlyMap<string, Tensor>;
  readonly settings: RunSettings;
  readonly base: ReadonlyMap<string, TensorSample>;
  /** Tensors of the base model that its checkpoint may lack, such as a classifier's head, keyed by torch's names. */
  readonly head: ReadonlyMap<string, Tensor>;
  /** The rows of the run's data as transformers' Trainer expects them: one object per row. */
  readonly rows: AsyncIterable<object> | Iterable<object>;
}

/** Settings of the resumed run. */
export interface RunSettings {
  /** transformers' training arguments, except those that distribute a step's rows over batches and processes. */
  readonly training_arguments: Readonly<Record<string, unknown>>;
  /** Rows per optimiser step. */
  readonly rows_per_step: number;
  /** The largest number of rows in one forward pass. */
  readonly rows_at_a_time: number;
  readonly shuffle: boolean;
  /** The seed for shuffling the rows. */
  readonly seed: number;
  /** The task's name, by which the script chooses transformers' class. */
  readonly task: string;
  /** The learning rate of fully trained modules (PEFT's `modules_to_save`), if the run has a separate one for them. */
  readonly head_learning_rate?: number;
  /** The names of the classes or, for a regression, of the predicted values, in order. */
  readonly labels?: readonly string[];
  /** The classifier's problem type, by transformers' name. */
  readonly problem_type?: ProblemType;
  /** The pooling before the classifier's head. Set if transformers has no class for such a classifier. */
  readonly pooling?: Pooling;
  /** The label smoothing of a classifier. */
  readonly label_smoothing_factor?: number;
  /** The loss for TRL's trainer, with TRL's names. Set for a run that learns from preferences. */
  readonly preference?: PreferenceLoss;
  /** How the bytes of images become pixel values. `size` is [height, width]. */
  readonly images?: ImageNumbers & { readonly size: readonly [number, number] };
}

/** A few elements of a tensor of the base model. The Python script compares them with those of the model that it loads. */
export interface TensorSample {
  /** The shape in the checkpoint. */
  readonly shape: readonly number[];
  /** The indices of the values in the flattened tensor. */
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** The adapter's name in Python. */
export const ADAPTER_IN_PYTHON = 'default';
/** Characters of JSON Lines that are collected before they are moved to a Blob, which browsers may hold outside memory. */
const CHUNK = 2 ** 22;
/** The fields of transformers' `TrainerControl`, which transformers' Trainer expects in a checkpoint. */
const NOTHING_ASKED = {
  should_epoch_stop: false,
  should_evaluate: false,
  should_log: false,
  should_save: false,
  should_training_stop: false,
};
/** The fields that are Python floats. */
const FLOATS = [
  'adam_beta1',
  'adam_beta2',
  'adam_epsilon',
  'beta',
  'desirable_weight',
  'epoch',
  'grad_norm',
  'head_learning_rate',
  'label_smoothing',
  'label_smoothing_factor',
  'learning_rate',
  'loss',
  'max_grad_norm',
  'undesirable_weight',
  'weight_decay',
];

/**
 * Returns the folder's files, keyed by their paths: a checkpoint that transformers' Trainer resumes from, the rows, the run's settings, and
 * scripts. The checkpoint has no optimiser state in the Trainer's format: instead, `optimizer.safetensors` holds AdamW's moments under
 * torch's names of the parameters.
 */
export async function writeRunFolder(folder: RunFolder): Promise<ReadonlyMap<string, Blob>> {
  const { progress, settings, base, head, config, adapter } = folder;
  const checkpoint = `checkpoint-${progress.global_step}`;
  const run = {
    checkpoint,
    step: progress.global_step,
    ...settings,
    base_model: Object.fromEntries([...base].map(([name, sample]) => [name, sample])),
  };
  return new Map([
    ['README.md', text(readme, 'text/markdown')],
    ['requirements.txt', text(settings.preference ? requirements + requirementsTrl : requirements, 'text/plain')],
    ['train.py', text(trainPy, 'text/x-python')],
    ['data.py', text(dataPy, 'text/x-python')],
    ['classify.py', text(classifyPy, 'text/x-python')],
    ['pooled_classifier.py', text(pooledPy, 'text/x-python')],
    ['prefer.py', text(preferPy, 'text/x-python')],
    ['run.json', json(run)],
    ['train.jsonl', await jsonLines(folder.rows)],
    ...(head.size === 0 ? [] : [['head.safetensors', binary(writeTensors(head))] as const]),
    [`${checkpoint}/adapter_config.json`, new Blob([config], { type: 'application/json' })],
    [`${checkpoint}/adapter_model.safetensors`, binary(adapter)],
    [`${checkpoint}/optimizer.safetensors`, binary(writeOptimizer(folder))],
    [`${checkpoint}/trainer_state.json`, json(trainerState(folder))],
  ]);
}

function writeOptimizer({ exp_avg, exp_avg_sq }: RunFolder): Uint8Array<ArrayBuffer> {
  const named = (moment: string, tensors: ReadonlyMap<string, Tensor>) =>
    [...tensors].map(([name, tensor]) => [`${name}.${moment}`, tensor] as const);
  return writeTensors([...named('exp_avg', exp_avg), ...named('exp_avg_sq', exp_avg_sq)]);
}

/** transformers' `TrainerState`. Fields that a run has no values for are left out, so that they have their defaults. */
function trainerState({ progress, logs, settings }: RunFolder): object {
  const { logging_steps, save_steps } = settings.training_arguments;
  const perStep = progress.global_step === 0 ? 0 : progress.epoch / progress.global_step;
  const log_history = logs.map(({ step, loss, grad_norm, learning_rate }) => ({
    epoch: step * perStep,
    step,
    loss,
    grad_norm,
    learning_rate,
  }));
  return {
    ...progress,
    log_history,
    logging_steps,
    save_steps,
    train_batch_size: settings.rows_at_a_time,
    stateful_callbacks: { TrainerControl: { args: NOTHING_ASKED, attributes: {} } },
  };
}

async function jsonLines(rows: RunFolder['rows']): Promise<Blob> {
  const parts: Blob[] = [];
  let lines: string[] = [];
  let length = 0;
  const flush = (): void => {
    parts.push(new Blob(lines));
    [lines, length] = [[], 0];
  };
  for await (const row of rows) {
    const line = `${JSON.stringify(row)}\n`;
    lines.push(line);
    length += line.length;
    if (length > CHUNK) flush();
  }
  flush();
  return new Blob(parts, { type: 'application/jsonl' });
}

function text(content: string, type: string): Blob {
  return new Blob([content], { type });
}

function json(value: unknown): Blob {
  return new Blob([`${pythonJson(value, { floats: FLOATS })}\n`], { type: 'application/json' });
}

function binary(bytes: Uint8Array<ArrayBuffer>): Blob {
  return new Blob([bytes], { type: 'application/octet-stream' });
}
