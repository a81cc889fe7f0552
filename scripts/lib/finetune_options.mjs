import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { choice, decimal, integer, readFlags, UsageError } from './options.mjs';

const bundled = (/** @type {string} */ path) => fileURLToPath(new URL(`../../demo/public/${path}`, import.meta.url));
const LINEARS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/**
 * @typedef {object} FinetuneOptions
 * @property {string} text a file's absolute path
 * @property {string} model a folder's absolute path
 * @property {string} out a folder's absolute path
 * @property {import('./browsers.mjs').BrowserKind} browser
 * @property {string} kernels default, tuned, or a file's absolute path
 * @property {Settings} settings
 */
/**
 * What the run's outcome depends on, besides the device. Names and meanings are Hugging Face's.
 * @typedef {object} Settings
 * @property {string} model its folder's name
 * @property {string} text its file's name
 * @property {number} r
 * @property {string | readonly string[]} target_modules
 * @property {number} max_steps
 * @property {number} warmup_steps
 * @property {number} learning_rate
 * @property {number} per_device_train_batch_size
 * @property {number} max_length tokens
 * @property {number} seed
 */

export const HELP = `Fine-tunes a language model on a text, in a headless browser on this machine.

  npm run finetune -- [options]

  --text FILE            plain text, UTF-8             (chapters 96–135 of Moby-Dick)
  --model DIR            config.json, model.safetensors or its shards, tokenizer.json
                                                       (the bundled prose-1.4M)
  --out DIR              where the results go          (out)
  --max_steps N          steps of training             (150)
  --r N                  rank of the VeRA adapter      (64)
  --target_modules LIST  names with commas between them, all-linear, or a regular
                         expression for whole names    (all seven linear layers)
  --learning_rate X                                    (0.06)
  --max_length N         tokens in a block of text     (128)
  --seed N                                             (42)
  --browser NAME         chrome or firefox             (chrome)
  --kernels HOW          default: a fixed table; tuned: measured before the first
                         step; or an earlier run.json, to repeat its results bit
                         for bit                       (default)
  --help

The last tenth of the text is never trained on: it measures perplexity before and
after. Results: adapter_config.json and adapter_model.safetensors, which open in
Hugging Face PEFT, loss.svg and run.json.`;

const FLAGS = /** @type {const} */ ({
  text: { type: 'string', default: bundled('text/moby-dick.txt') },
  model: { type: 'string', default: bundled('models/prose-1.4M') },
  out: { type: 'string', default: 'out' },
  max_steps: { type: 'string', default: '150' },
  r: { type: 'string', default: '64' },
  target_modules: { type: 'string', default: LINEARS.join(',') },
  learning_rate: { type: 'string', default: '0.06' },
  max_length: { type: 'string', default: '128' },
  seed: { type: 'string', default: '42' },
  browser: { type: 'string', default: 'chrome' },
  kernels: { type: 'string', default: 'default' },
  help: { type: 'boolean' },
});

/**
 * @param {readonly string[]} argv
 * @returns {FinetuneOptions | 'help'}
 * @throws {UsageError}
 */
export function readFinetuneOptions(argv) {
  const flags = readFlags(argv, FLAGS);
  if (flags.help) return 'help';
  // npm runs scripts in the package's folder; paths are meant from where the command was typed.
  const path = (/** @type {unknown} */ value) => resolve(process.env.INIT_CWD ?? process.cwd(), String(value));
  const [text, model, out] = [path(flags.text), path(flags.model), path(flags.out)];
  const max_steps = integer('max_steps', flags.max_steps, { min: 1, max: 1_000_000 });
  return {
    text,
    model,
    out,
    kernels: ['default', 'tuned'].includes(String(flags.kernels)) ? String(flags.kernels) : path(flags.kernels),
    browser: choice('browser', flags.browser, /** @type {const} */ (['chrome', 'firefox'])),
    settings: {
      model: basename(model),
      text: basename(text),
      r: integer('r', flags.r, { min: 1, max: 65_536 }),
      target_modules: targets(String(flags.target_modules)),
      max_steps,
      // Short runs get a shorter warm-up, or they would end before they reach their learning rate.
      warmup_steps: Math.min(10, Math.ceil(max_steps / 4)),
      learning_rate: decimal('learning_rate', flags.learning_rate, { above: 0, max: 10 }),
      per_device_train_batch_size: 2,
      max_length: integer('max_length', flags.max_length, { min: 2, max: 131_072 }),
      seed: integer('seed', flags.seed, { min: 0, max: 4_294_967_295 }),
    },
  };
}

/**
 * @param {string} text
 * @returns {string | readonly string[]} names, or a regular expression or `all-linear` as PEFT takes them
 */
function targets(text) {
  const names = text.split(',').map((name) => name.trim());
  if (text === 'all-linear' || !names.every((name) => /^[\w.-]*$/.test(name))) return text;
  if (names.some((name) => name === '')) throw new UsageError(`--target_modules has an empty name in "${text}"`);
  return names;
}
