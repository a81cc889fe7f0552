import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { writeTensors } from '../../../src/formats/tensors/tensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  type AdapterFiles,
  type AnyAdaptedModel,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  type Example,
  export_run,
  get_peft_model,
  type IA3ConfigInit,
  type LoraConfigInit,
  type PreTrainedModel,
  type StepLogs,
  type TextClassifierOptions,
  Trainer,
  type TrainingArguments,
  type UniLoraConfigInit,
  type VeraConfigInit,
} from '../../../src/index';
import { openFolder } from '../../../src/node/folder';
import { configOf } from '../../../src/page/adapters/page_kinds';
import { goldenBase } from '../../helpers/golden/golden';
import { goldenFolder } from '../../helpers/golden/golden_sentences';
import { randomArray } from '../../helpers/maths/random';
import { writeFolder } from '../../helpers/session/exported_run';
import { openTestSession } from '../../helpers/session/session';

export const scratch = mkdtempSync(join(tmpdir(), 'webvera-export-'));
// The folder is removed at the end of the process, because all its test files share the folder.
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** PEFT's task types, by task. */
const taskTypes = { causal_lm: 'CAUSAL_LM', sequence_classification: 'SEQ_CLS', image_classification: null } as const;

export interface Case {
  readonly base: string;
  readonly config:
    | VeraConfigInit
    | (LoraConfigInit & { readonly peft_type: 'LORA' })
    | (IA3ConfigInit & { readonly peft_type: 'IA3' })
    | (UniLoraConfigInit & { readonly peft_type: 'UNILORA' });
  readonly args?: TrainingArguments;
  /** The base model's folder, if it isn't the golden one. */
  readonly model?: string;
  /** The data set. Default: `rows`. */
  readonly data?: readonly Example[];
  /** The task. Default: causal_lm. */
  readonly task?: keyof typeof taskTypes;
  /** A classifier's labels, if they aren't those of the base model. */
  readonly labels?: Pick<TextClassifierOptions, 'id2label' | 'num_labels' | 'problem_type' | 'pooling'>;
}

/** Eleven rows. A step has four rows, so an epoch has three steps, and its last step has three rows. */
export const rows = Array.from({ length: 11 }, (_, index) => ({
  input_ids: Array.from(randomArray(5 + 3 * index, index), (value) => 3 + Math.floor((value + 1) * 46)),
}));

/** Returns a row with padding at these positions. Tokens after padding are learnt too, because the row has no labels. */
const padded = ({ input_ids }: { readonly input_ids: readonly number[] }, places: readonly number[]): Example => ({
  input_ids,
  attention_mask: input_ids.map((_, at) => (places.includes(at) ? 0 : 1)),
});

/** Arguments with warm-up and decay, gradient accumulation, clipping, weight decay, and epochs that end with an incomplete step. */
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
  'llama, packed, with smoothed labels': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    args: { packing: true, max_length: 24, label_smoothing_factor: 0.2 },
  },
  'gpt2, with smoothed labels': {
    base: 'gpt2',
    config: { r: 8, target_modules: ['c_attn'], fan_in_fan_out: true },
    args: { label_smoothing_factor: 0.1 },
  },
  lora: {
    base: 'opt',
    config: {
      peft_type: 'LORA',
      r: 4,
      lora_alpha: 6,
      target_modules: ['v_proj', 'fc1'],
      use_rslora: true,
      rank_pattern: { fc1: 2 },
      lora_bias: true,
      bias: 'lora_only',
    },
  },
  ia3: {
    base: 'gpt2',
    config: { peft_type: 'IA3', fan_in_fan_out: true, modules_to_save: ['ln_f'] },
    args: { lr_scheduler_type: 'cosine' },
  },
  unilora: {
    base: 'llama',
    config: { peft_type: 'UNILORA', theta_d_length: 500, target_modules: 'all-linear', modules_to_save: ['lm_head'] },
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
}: Case): Promise<{ model: PreTrainedModel; vera: AnyAdaptedModel }> {
  const source = folder === undefined ? goldenBase(`base/${base}`) : await openFolder(folder);
  const { session } = opened;
  const classifier = { session, ignore_mismatched_sizes: true, ...labels };
  const loaders = {
    causal_lm: () => AutoModelForCausalLM.from_pretrained(source, { session }),
    sequence_classification: () => AutoModelForSequenceClassification.from_pretrained(source, classifier),
    image_classification: () => AutoModelForImageClassification.from_pretrained(source, classifier),
  };
  const model = await loaders[task]();
  const task_type = taskTypes[task];
  return { model, vera: await get_peft_model(model, configOf({ task_type, ...config })) };
}

const trainerOf = (model: AnyAdaptedModel, one: Case) =>
  new Trainer({ model, args: { ...args, ...one.args }, train_dataset: one.data ?? rows });

/** Trains the whole run in webvera, and returns its logs and the adapter. */
export async function trainHere(one: Case): Promise<Run> {
  const { model, vera } = await load(one);
  const run = trainerOf(vera, one).train();
  await run;
  const adapter = await vera.save_pretrained();
  await model.dispose();
  return { logs: run.state.log_history, adapter };
}

/**
 * Exports a run once it has done `step` steps, and then stops it. With `spoilt`, writes NaN into the trained values after
 * the first step, so that the run returns to its beginning with half the learning rate.
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

/** Copies a model's folder, and sets dropout in its configuration. It must have no effect, because a base model has no dropout here. */
export function withDropout(model: string): string {
  const folder = mkdtempSync(join(scratch, 'base-'));
  cpSync(model, folder, { recursive: true });
  const file = join(folder, 'config.json');
  // Only these numbers change: transformers refuses 2 where it expects the float 2.0.
  const rates = /("\w*(?:dropout|dropout_prob|pdrop|layerdrop)": )[^,\n]+/g;
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(rates, (_, key) => `${key}0.1`),
  );
  return folder;
}

/** Copies a base model's folder, and changes the weights of its last norm. */
export function withNorm(base: string, change: (weight: number) => number): string {
  return changed(base, {
    tensor: (name, data) => (name === 'model.norm.weight' ? data.map(change) : data),
  });
}

interface Change {
  /** Returns a tensor's new numbers, or undefined to remove the tensor. */
  tensor?(name: string, data: Float32Array): Float32Array | undefined;
  readonly config?: object;
}

/** Copies a golden base model's folder, and changes tensors or the configuration. */
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

/** Makes a golden folder of sentence-transformers, without a classifier's head. */
export function withLayers(situation: string): string {
  const { base, files, weights = {} } = goldenFolder(situation);
  const folder = changed(base, { tensor: (name, data) => (/^(classifier|score)\b/.test(name) ? undefined : data) });
  const json = Object.entries(files).map(([name, content]) => [name, JSON.stringify(content)] as const);
  const bytes = Object.entries(weights).map(([name, base64]) => [name, Buffer.from(base64, 'base64')] as const);
  for (const [name, content] of [...json, ...bytes]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const { architectures: _, ...config } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}
