// Measures the cost of packed weights: the perplexity of models in each storage format, before and after training.
import { readFileSync } from 'node:fs';
import { splitText } from '../../finetune/split_text.mjs';
import { inRepository } from '../../shared/paths.mjs';
import { dataOf } from '../data/fetch.mjs';
import { trainAndMeasure } from './adapted.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').ModelDtype} ModelDtype */

/**
 * @typedef {object} Base
 * @property {string} name
 * @property {() => string} folder
 * @property {string} [gguf_file]
 * @property {readonly ModelDtype[]} dtypes
 * @property {import('../../../src/index').TrainingArguments} args
 * @property {number} heldOut characters of the held-out text
 * @property {number} [runs] training runs for each row, in place of the option `--seeds`
 */

const R = 64;
const SMALL = {
  dtypes: /** @type {const} */ (['float32', 'float16', 'bfloat16', 'q8', 'q4']),
  args: { per_device_train_batch_size: 8, max_length: 128, learning_rate: 3e-2, max_steps: 100 },
  heldOut: 40_000,
};
const LARGE = { per_device_train_batch_size: 1, max_length: 128, learning_rate: 2e-2, max_steps: 24 };
const GGUF = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/** @type {readonly Base[]} */
const BASES = [
  { name: 'prose-1.4M', folder: () => inRepository('demo/public/models/prose-1.4M'), ...SMALL },
  { name: 'stories260K', folder: () => dataOf('stories260K', 'model.safetensors'), ...SMALL },
  {
    name: 'SmolLM2-135M',
    folder: () => dataOf('SmolLM2-135M-Instruct', GGUF),
    gguf_file: GGUF,
    dtypes: ['float32', 'auto', 'q8', 'q4'],
    args: LARGE,
    heldOut: 4_000,
    runs: 1,
  },
];

/** @type {Table} */
export const packed = {
  keys: 2,
  columns: ['Model', '`dtype`', 'MB of weights', 'Perplexity before', 'Perplexity after'],
  about: (seeds) => [
    `Perplexity on the end of *Moby-Dick* with each storage of the weights, before and after training VeRA, r ${R} on all linear layers: mean ±`,
    `standard deviation of ${seeds} runs. prose-1.4M, whose files are float16, and stories260K, whose files are float32, are measured on`,
    `${SMALL.heldOut} characters after ${SMALL.args.max_steps} steps of 8 × 128 tokens at ${SMALL.args.learning_rate}. SmolLM2-135M-Instruct, whose file is Q4_1 (auto, and q4, which`,
    `stores the same numbers), is measured on 4000 characters after one run of ${LARGE.max_steps} steps of 128 tokens at ${LARGE.learning_rate}.`,
  ],
  async make(run) {
    for (const base of BASES) {
      for (const dtype of base.dtypes) await run.row([base.name, dtype], () => measure(run, base, dtype));
    }
  },
};

/**
 * @param {TableRun} run
 * @param {Base} base
 * @param {ModelDtype} dtype
 */
async function measure(run, { folder, gguf_file, args, heldOut, runs }, dtype) {
  const { library, session } = run;
  const { train, heldOut: end } = splitText(readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8'));
  const test = new Blob([end.slice(0, heldOut)]);
  const source = await library.openFolder(folder());
  const options = { session, dtype, ...(gguf_file !== undefined && { gguf_file }) };
  const model = await library.AutoModelForCausalLM.from_pretrained(source, options);
  const { gpu_bytes } = await model.memory();
  // A new adapter doesn't change the model's outputs, so this measures the base model.
  const vera = await library.get_peft_model(model, new library.VeraConfig({ r: 1, target_modules: ['q_proj'] }));
  const trainer = new library.Trainer({ model: vera, args, train_dataset: test, eval_dataset: test });
  const { perplexity = Number.NaN } = await trainer.evaluate();
  await vera.unload();
  const method = { name: '', config: { r: R, target_modules: /** @type {const} */ ('all-linear') }, args };
  const [after = ''] = await trainAndMeasure({ ...run, seeds: runs ?? run.seeds }, method, {
    model,
    train: () => new Blob([train]),
    test,
  });
  await model.dispose();
  return [(gpu_bytes / 1e6).toFixed(2), perplexity.toFixed(2), after];
}
