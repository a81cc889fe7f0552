import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { writeTensors } from '../../../src/formats/tensors/tensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  type Example,
  export_run,
  get_peft_model,
  type PreTrainedModel,
  type StepLogs,
  type TextClassifierOptions,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { randomArray } from '../../helpers/maths/random';
import { writeFolder } from '../../helpers/session/exported_run';
import { openTestSession } from '../../helpers/session/session';
import { droppedFiles } from './folders';

export const scratch = mkdtempSync(join(tmpdir(), 'webvera-export-'));
// All files of this process use it.
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** PEFT's, by what a model is used for. */
const taskTypes = { causal_lm: 'CAUSAL_LM', sequence_classification: 'SEQ_CLS', image_classification: null } as const;

export interface Case {
  readonly base: string;
  readonly config: VeraConfigInit;
  readonly args?: TrainingArguments;
  /** The base model's folder, where it isn't as the golden one. */
  readonly model?: string;
  /** Instead of `rows`. */
  readonly data?: readonly Example[];
  /** Default: causal_lm. */
  readonly task?: keyof typeof taskTypes;
  /** A classifier's labels, where they aren't the base's own. */
  readonly labels?: Pick<TextClassifierOptions, 'id2label' | 'num_labels' | 'problem_type' | 'pooling'>;
}

/** Eleven rows of 4, in steps of 4: three steps an epoch, of which the last has three rows. */
export const rows = Array.from({ length: 11 }, (_, index) => ({
  input_ids: Array.from(randomArray(5 + 3 * index, index), (value) => 3 + Math.floor((value + 1) * 46)),
}));

/** A row with padding at some places. What comes after it is learned, as it says nothing of labels. */
const padded = ({ input_ids }: { readonly input_ids: readonly number[] }, places: readonly number[]): Example => ({
  input_ids,
  attention_mask: input_ids.map((_, at) => (places.includes(at) ? 0 : 1)),
});

/** Warm-up and decay, accumulation, clipping, weight decay, and epochs that end between. */
const args: TrainingArguments = {
  max_steps: 10,
  per_device_train_batch_size: 2,
  gradient_accumulation_steps: 2,
  learning_rate: 0.03,
  warmup_steps: 5,
  weight_decay: 0.05,
  max_grad_norm: 0.3,
  save_strategy: 'no',
  seed: 7,
};

export const cases: Readonly<Record<string, Case>> = {
  llama: { base: 'llama', config: { r: 8, target_modules: ['q_proj', 'v_proj', 'down_proj'] } },
  'llama, packed': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    args: { packing: true, max_length: 24 },
  },
  gpt2: {
    base: 'gpt2',
    config: { r: 8, target_modules: ['c_attn', 'mlp.c_proj'], fan_in_fan_out: true, modules_to_save: ['lm_head'] },
    args: { lr_scheduler_type: 'cosine' },
  },
  opt: { base: 'opt', config: { r: 8, target_modules: ['q_proj', 'fc1'], bias: 'all' } },
  'opt, with padding before, between and after': {
    base: 'opt',
    config: { r: 8, target_modules: ['q_proj', 'fc1'] },
    data: rows.map((row, index) => padded(row, [0, 1, 2, 5 + 3 * index - 1].slice(index % 2))),
  },
  'llama, with whole numbers among its weights': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    model: withNorm('llama', () => 1),
  },
  'llama, in epochs, the last of whose steps is a row': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    args: { max_steps: -1, num_train_epochs: 3.4, warmup_steps: 0, warmup_ratio: 0.25, seed: 2 ** 40 + 3 },
    data: rows.slice(0, 9),
  },
};

/** A session for all tests of exported runs. */
export const opened = await openTestSession();

type Logs = Pick<StepLogs, 'step' | 'loss' | 'grad_norm' | 'learning_rate'>;
export interface Run {
  readonly logs: readonly Logs[];
  readonly adapter: AdapterFiles;
}

export async function load({
  base,
  model: folder,
  config,
  task = 'causal_lm',
  labels,
}: Case): Promise<{ model: PreTrainedModel; vera: VeraModel }> {
  const source = folder === undefined ? goldenBase(`base/${base}`) : droppedFiles(folder);
  const { session } = opened;
  const classifier = { session, ignore_mismatched_sizes: true, ...labels };
  const loaders = {
    causal_lm: () => AutoModelForCausalLM.from_pretrained(source, { session }),
    sequence_classification: () => AutoModelForSequenceClassification.from_pretrained(source, classifier),
    image_classification: () => AutoModelForImageClassification.from_pretrained(source, classifier),
  };
  const model = await loaders[task]();
  return { model, vera: await get_peft_model(model, new VeraConfig({ task_type: taskTypes[task], ...config })) };
}

const trainerOf = (model: VeraModel, one: Case) =>
  new Trainer({ model, args: { ...args, ...one.args }, train_dataset: one.data ?? rows });

/** The whole run here. */
export async function trainHere(one: Case): Promise<Run> {
  const { model, vera } = await load(one);
  const run = trainerOf(vera, one).train();
  await run;
  const adapter = await vera.save_pretrained();
  await model.dispose();
  return { logs: run.state.log_history, adapter };
}

/**
 * A run that is exported where it stands after some steps, and then given up. With `spoilt`, what it trains is no number
 * any more after its first, so that it goes back to its beginning.
 */
export async function exportAt(
  one: Case,
  step: number,
  { spoilt = false } = {},
): Promise<{ folder: string; done: number }> {
  const { model, vera } = await load(one);
  const trainer = trainerOf(vera, one);
  const run = trainer.train();
  let isWaiting = spoilt;
  if (step > 0) {
    for await (const event of run) {
      if (event.type === 'recovered') isWaiting = false;
      if (event.type !== 'log') continue;
      if (event.logs.step === 1 && isWaiting) opened.overwrite('pool of default', 0, [Number.NaN]);
      if (event.logs.step >= step && !isWaiting) break;
    }
  }
  await run.pause();
  const folder = await writeNew(await export_run({ model: vera, trainer }));
  const done = run.state.global_step;
  await run.stop();
  await model.dispose();
  return { folder, done };
}

export async function writeNew(files: ReadonlyMap<string, Blob>): Promise<string> {
  const folder = mkdtempSync(join(scratch, 'run-'));
  await writeFolder(folder, files);
  return folder;
}

export function modelFolder(base: string): string {
  return fileURLToPath(new URL(`../../golden/base/${base}`, import.meta.url));
}

/** The same with dropout in its configuration, which a frozen base runs without here. */
export function withDropout(model: string): string {
  const folder = mkdtempSync(join(scratch, 'base-'));
  cpSync(model, folder, { recursive: true });
  const file = join(folder, 'config.json');
  const config = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
  const dropping = config.map(([key, value]) => [
    key,
    /(dropout|dropout_prob|pdrop|layerdrop)$/.test(key) ? 0.1 : value,
  ]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(dropping)));
  return folder;
}

/** The same, but for the weights of its last norm. */
export function withNorm(base: string, change: (weight: number) => number): string {
  return changed(base, {
    tensor: (name, data) => (name === 'model.norm.weight' ? data.map(change) : data),
  });
}

interface Change {
  /** Undefined for one that is to go. */
  tensor?(name: string, data: Float32Array): Float32Array | undefined;
  readonly config?: object;
}

/** A golden base with other tensors, or another configuration. */
export function changed(base: string, { tensor = (_, data) => data, config = {} }: Change): string {
  const folder = mkdtempSync(join(scratch, 'base-'));
  cpSync(modelFolder(base), folder, { recursive: true });
  const weights = join(folder, 'model.safetensors');
  const { tensors } = readSafetensors(readFileSync(weights));
  const kept = [...tensors].flatMap(([name, stored]) => {
    const data = tensor(name, toFloat32(stored));
    return data === undefined ? [] : [[name, { dims: stored.shape, data }] as const];
  });
  writeFileSync(weights, writeTensors(kept));
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...config }));
  return folder;
}
