import type { ImageNumbers } from '../core/types/image';
import type { ProblemType } from '../core/types/model';
import type { Tensor } from '../core/types/tensor';
import type { StepLogs, TrainProgress } from '../core/types/training';
import { pythonJson } from './python_json';
import classifyPy from './run_folder/classify.py?raw';
import dataPy from './run_folder/data.py?raw';
import readme from './run_folder/README.md?raw';
import requirements from './run_folder/requirements.txt?raw';
import trainPy from './run_folder/train.py?raw';
import { writeTensors } from './tensors/tensors';

/** What a folder holds with which a run goes on in Python. */
export interface RunFolder {
  readonly progress: TrainProgress;
  /** Of the steps so far, as far as they were logged. */
  readonly logs: readonly StepLogs[];
  /** The bytes of `adapter_config.json`. */
  readonly config: Uint8Array<ArrayBuffer>;
  /** The bytes of `adapter_model.safetensors`. */
  readonly adapter: Uint8Array<ArrayBuffer>;
  /** AdamW's moments, by the names of torch's parameters. */
  readonly exp_avg: ReadonlyMap<string, Tensor>;
  readonly exp_avg_sq: ReadonlyMap<string, Tensor>;
  readonly settings: RunSettings;
  readonly base: ReadonlyMap<string, TensorSample>;
  /** The base's tensors that its checkpoint may lack, by their names in torch: a classifier's head. */
  readonly head: ReadonlyMap<string, Tensor>;
  /** What the run learns from, as Python's Trainer takes it: an object for each row. */
  readonly rows: AsyncIterable<object> | Iterable<object>;
}

/** How the run goes on. */
export interface RunSettings {
  /** transformers' own arguments, but for those that say how the rows of a step are shared out. */
  readonly training_arguments: Readonly<Record<string, unknown>>;
  /** Rows of an optimiser step. */
  readonly rows_per_step: number;
  /** The most that go through the model together. */
  readonly rows_at_a_time: number;
  readonly shuffle: boolean;
  /** Of the rows' order. */
  readonly seed: number;
  /** The task's name, by which the script chooses transformers' class. */
  readonly task: string;
  /** Of modules that train whole, where they have a rate of their own. */
  readonly head_learning_rate?: number;
  /** Of classes, or of the numbers that are predicted, in their order. */
  readonly labels?: readonly string[];
  /** What a classifier tells, by transformers' name. */
  readonly problem_type?: ProblemType;
  /** Of classifiers. */
  readonly label_smoothing_factor?: number;
  /** How bytes of images become numbers. Their size is [height, width]. */
  readonly images?: ImageNumbers & { readonly size: readonly [number, number] };
}

/** A few numbers of a tensor of the base model, by which Python knows it again. */
export interface TensorSample {
  /** As in the checkpoint. */
  readonly shape: readonly number[];
  /** Where the values lie in the flat tensor. */
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** The adapter's name in Python. */
export const ADAPTER_IN_PYTHON = 'default';
/** Characters of JSON Lines that are held before they go into a Blob, which browsers keep out of memory. */
const CHUNK = 2 ** 22;
/** Of transformers' `TrainerControl`, which it expects to find. */
const NOTHING_ASKED = {
  should_epoch_stop: false,
  should_evaluate: false,
  should_log: false,
  should_save: false,
  should_training_stop: false,
};
/** Python's floats among the numbers. */
const FLOATS = [
  'adam_beta1',
  'adam_beta2',
  'adam_epsilon',
  'epoch',
  'grad_norm',
  'head_learning_rate',
  'label_smoothing_factor',
  'learning_rate',
  'loss',
  'max_grad_norm',
  'weight_decay',
];

/**
 * The files of the folder by their paths in it: a checkpoint as transformers' Trainer goes on from, but for the optimiser,
 * whose moments lie in `optimizer.safetensors` by the names of torch's parameters; the rows; what the run is; and a script.
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
    ['requirements.txt', text(requirements, 'text/plain')],
    ['train.py', text(trainPy, 'text/x-python')],
    ['data.py', text(dataPy, 'text/x-python')],
    ['classify.py', text(classifyPy, 'text/x-python')],
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

/** transformers' `TrainerState`, as far as a run has something to say; the rest has its defaults. */
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
  return new Blob([`${pythonJson(value, FLOATS)}\n`], { type: 'application/json' });
}

function binary(bytes: Uint8Array<ArrayBuffer>): Blob {
  return new Blob([bytes], { type: 'application/octet-stream' });
}
