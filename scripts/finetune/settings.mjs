// The options that `npm run finetune` and `npx webvera finetune` share.

import { DTYPES } from '../shared/dtypes.mjs';
import { choice, decimal, integer, UsageError } from '../shared/options.mjs';
import { EXPORT_FLAGS } from './export.mjs';

/**
 * All inputs that determine the outcome of a run, besides the device. Names and meanings are Hugging Face's.
 * @typedef {object} Settings
 * @property {string} model name of its folder, or its name on the hub
 * @property {string} text name of the file
 * @property {import('../../src/index').ModelDtype} dtype storage format of the model's weights
 * @property {number} r
 * @property {string | readonly string[]} target_modules
 * @property {number} max_steps
 * @property {number} warmup_steps
 * @property {number} learning_rate
 * @property {number} per_device_train_batch_size
 * @property {number} gradient_accumulation_steps batches per update
 * @property {boolean} gradient_checkpointing
 * @property {number} max_length in tokens
 * @property {number} seed
 */

/** The allowed range for the number of texts in a batch, and of batches in an update. */
const SOME = { min: 1, max: 1024 };

export const SETTING_FLAGS = /** @type {const} */ ({
  dtype: { type: 'string', default: 'auto' },
  max_steps: { type: 'string', default: '150' },
  r: { type: 'string', default: '64' },
  learning_rate: { type: 'string', default: '0.1' },
  max_length: { type: 'string', default: '128' },
  per_device_train_batch_size: { type: 'string', default: '2' },
  gradient_accumulation_steps: { type: 'string', default: '1' },
  gradient_checkpointing: { type: 'boolean' },
  seed: { type: 'string', default: '42' },
  kernels: { type: 'string', default: 'default' },
  ...EXPORT_FLAGS,
  estimate: { type: 'boolean' },
  memory: { type: 'string' },
});

/**
 * @param {{ targets: string, device: string }} own the default of `target_modules`, and the help for options that choose a device
 */
export const settingHelp = ({ targets, device }) => `\
  --dtype HOW            how the model's weights are held: auto (as its files have
                         them), float32, float16, bfloat16, q8 or q4  (auto)
  --max_steps N          steps of training             (150)
  --r N                  rank of the VeRA adapter      (64)
  --target_modules LIST  names with commas between them, all-linear, or a regular
                         expression for whole names    (${targets})
  --learning_rate X                                    (0.1)
  --max_length N         tokens in a block of text     (128)
  --per_device_train_batch_size N
                         blocks in a batch             (2)
  --gradient_accumulation_steps N
                         batches that an update learns from  (1)
  --gradient_checkpointing
                         recomputes values in the backward pass: takes less memory
                         and more time
  --seed N                                             (42)
${device}
  --kernels HOW          default: a fixed table; tuned: measured before the first
                         step; or an earlier run.json, to repeat its results bit
                         for bit                       (default)
  --export PATH          an empty folder, or a .zip, with which the rest of the run goes
                         on in Python; here it ends early
  --export_after N       steps that are trained here before the export; up to three
                         more may follow               (10)
  --estimate             prints the download and the GPU memory that the run would take,
                         and options to change if it doesn't fit; the exit code is then 1.
                         Reads no weights, and needs no --text
  --memory MIB           for --estimate: the GPU memory in MiB, which WebGPU doesn't
                         report
  --help

The last tenth of the text is never trained on: it measures perplexity before and
after. Results: adapter_config.json and adapter_model.safetensors, which open in
Hugging Face PEFT, loss.svg and run.json.`;

/**
 * @param {import('../shared/options.mjs').Flags} flags
 * @param {Pick<Settings, 'model' | 'text'>} names
 * @returns {Settings}
 */
export function readSettings(flags, names) {
  const max_steps = integer('max_steps', flags.max_steps, { min: 1, max: 1_000_000 });
  return {
    ...names,
    dtype: choice('dtype', flags.dtype, DTYPES),
    r: integer('r', flags.r, { min: 1, max: 65_536 }),
    target_modules: targets(String(flags.target_modules)),
    max_steps,
    // A short run has a shorter warm-up, so that it still reaches its full learning rate.
    warmup_steps: Math.min(10, Math.ceil(max_steps / 4)),
    learning_rate: decimal('learning_rate', flags.learning_rate, { above: 0, max: 10 }),
    per_device_train_batch_size: integer('per_device_train_batch_size', flags.per_device_train_batch_size, SOME),
    gradient_accumulation_steps: integer('gradient_accumulation_steps', flags.gradient_accumulation_steps, SOME),
    gradient_checkpointing: flags.gradient_checkpointing === true,
    max_length: integer('max_length', flags.max_length, { min: 2, max: 131_072 }),
    seed: integer('seed', flags.seed, { min: 0, max: 4_294_967_295 }),
  };
}

/**
 * Returns the options of `--estimate`; undefined without this flag.
 * @param {import('../shared/options.mjs').Flags} flags
 * @returns {{ memory?: number } | undefined} `memory` in bytes
 */
export function readEstimate({ estimate, memory }) {
  if (estimate !== true) {
    if (memory !== undefined) throw new UsageError('--memory needs --estimate, which goes by it');
    return undefined;
  }
  return memory === undefined ? {} : { memory: 2 ** 20 * integer('memory', memory, { min: 1, max: 2 ** 24 }) };
}

/** @param {unknown} flag @param {(path: unknown) => string} path */
export function kernelsOf(flag, path) {
  return ['default', 'tuned'].includes(String(flag)) ? String(flag) : path(flag);
}

/**
 * @param {string} text
 * @returns {string | readonly string[]} names; or a string that PEFT accepts instead: a regular expression or `all-linear`
 */
function targets(text) {
  const names = text.split(',').map((name) => name.trim());
  if (text === 'all-linear' || !names.every((name) => /^[\w.-]*$/.test(name))) return text;
  if (names.some((name) => name === '')) throw new UsageError(`--target_modules has an empty name in "${text}"`);
  return names;
}
