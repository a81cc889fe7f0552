// Trains a small language model on a book that it hasn't seen, with several ranks and learning rates, and compares VeRA with PEFT's LoRA.
import { readFileSync } from 'node:fs';
import { splitText } from '../../finetune/split_text.mjs';
import { inRepository } from '../../shared/paths.mjs';
import { trainLora } from '../peft/lora.mjs';
import { spread } from '../report.mjs';
import { LORA_RANK, trainAndMeasure } from './adapted.mjs';
import { basePerplexities, expectSamePerplexity } from './base_perplexity.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../report.mjs').TableRun} TableRun */

const STEPS = 100;
const BATCHES = { per_device_train_batch_size: 8, max_length: 128 };
/** The length, in characters, of the validation text, by which settings are chosen: the end of the training text. No run trains on it. */
const VALIDATION = 20_000;
/** The texts that are measured, in the order of their columns. */
const NAMES = /** @type {const} */ (['validation', 'test']);
const LORA_RATES = [1e-2, 2e-2, 4e-2];
const LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/** @type {readonly { readonly r: number, readonly head?: boolean, readonly rates: readonly number[] }[]} `head`: whether the output embedding is adapted too */
const VERA = [
  { r: 64, rates: [3e-2, 1e-1] },
  { r: 256, rates: [3e-2, 1e-1, 2e-1] },
  { r: 64, head: true, rates: [1e-1] },
  { r: 128, head: true, rates: [1e-1] },
];

/** @type {readonly { readonly layers: string, readonly target_modules: string | null, readonly rates: readonly number[] }[]} null: PEFT's targets */
const IA3 = [
  { layers: 'all', target_modules: 'all-linear', rates: [1e-2, 3e-2] },
  { layers: 'k, v, down', target_modules: null, rates: [3e-2] },
];

/** Returns the folder of the base model, and the texts to train on and to measure. */
function lesson() {
  const text = readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8');
  const { train, heldOut } = splitText(text);
  const folder = inRepository('demo/public/models/prose-1.4M');
  return { folder, train: train.slice(0, -VALIDATION), validation: train.slice(-VALIDATION), test: heldOut };
}

/** @type {Table} */
export const language = {
  keys: 3,
  columns: ['Adapter', 'Layers', '`learning_rate`', 'Validation', 'Test', 'Trained values', 'KiB', 'Seconds'],
  about: (seeds) => [
    `Perplexity of the bundled prose-1.4M on *Moby-Dick* after ${STEPS} steps of 8 × 128 tokens: mean ± standard deviation of ${seeds} runs. The test`,
    `is the end of the text, ${lesson().test.length} characters; the validation are the ${VALIDATION} before them, by which settings are chosen; runs train on`,
    'the rest. *All* layers are the linear ones of all blocks, and *head* the output embedding. LoRA is trained by PEFT in PyTorch, in',
    'the same batches and with the same schedule and optimizer.',
  ],
  async make(run) {
    const { folder, ...texts } = lesson();
    await run.row(['none', '–', '–'], async () => {
      const found = await measureBase(run, folder, texts);
      return [...NAMES.map((name) => found[name].toFixed(2)), '–', '–', '–'];
    });
    for (const rate of LORA_RATES) {
      await run.row([`LoRA r ${LORA_RANK}`, 'all', String(rate)], () => measureLora(run, folder, texts, rate));
    }
    const model = await load(run, folder);
    const { IA3Config } = run.library;
    for (const { layers, target_modules, rates } of IA3) {
      for (const learning_rate of rates) {
        const config = new IA3Config({ target_modules });
        await run.row(['(IA)³', layers, String(learning_rate)], () =>
          measure(run, model, config, learning_rate, texts),
        );
      }
    }
    for (const { r, head = false, rates } of VERA) {
      const target_modules = head ? [...LINEAR, 'lm_head'] : /** @type {const} */ ('all-linear');
      for (const learning_rate of rates) {
        const config = { r, target_modules };
        const key = [`VeRA r ${r}`, head ? 'all, head' : 'all', String(learning_rate)];
        await run.row(key, () => measure(run, model, config, learning_rate, texts));
      }
    }
    await model.dispose();
  },
};

/** @typedef {Omit<ReturnType<typeof lesson>, 'folder'>} Texts */

/**
 * @param {TableRun} run
 * @param {import('../../../src/index').PreTrainedModel} model
 * @param {import('./adapted.mjs').Method['config']} config
 * @param {number} learning_rate
 * @param {Texts} texts
 * @returns {Promise<string[]>} the cells of a row after its key
 */
async function measure(run, model, config, learning_rate, texts) {
  const args = { ...BATCHES, learning_rate, max_steps: STEPS };
  const train = () => new Blob([texts.train]);
  const [validation, test] = [new Blob([texts.validation]), new Blob([texts.test])];
  const cells = await trainAndMeasure(run, { name: '', config, args }, { model, train, validation, test });
  const [chosen = '', tested = '', values = '', , ...costs] = cells;
  return [chosen, tested, values, ...costs];
}

/**
 * @param {TableRun} run
 * @param {string} folder
 */
async function load({ library, session }, folder) {
  return library.AutoModelForCausalLM.from_pretrained(await library.openFolder(folder), { session });
}

/**
 * Returns the base model's perplexities.
 * @param {TableRun} run
 * @param {string} folder
 * @param {Texts} texts
 */
async function measureBase(run, folder, { validation, test }) {
  const model = await load(run, folder);
  const texts = { validation: new Blob([validation]), test: new Blob([test]) };
  const found = await basePerplexities(run, model, texts, BATCHES);
  await model.dispose();
  return found;
}

/**
 * @param {TableRun} run
 * @param {string} folder
 * @param {Texts} texts
 * @param {number} learning_rate
 * @returns {Promise<string[]>}
 */
async function measureLora(run, folder, texts, learning_rate) {
  const { train, validation, test } = texts;
  const { per_device_train_batch_size: rows, max_length: length } = BATCHES;
  const lesson = { model: folder, train, texts: { validation, test }, max_steps: STEPS, rows, length };
  const { before, runs } = await trainLora({ ...lesson, r: LORA_RANK, learning_rate, seeds: run.seeds }, run.report);
  const own = await measureBase(run, folder, texts);
  for (const name of NAMES) expectSamePerplexity(name, before[name] ?? Number.NaN, own[name]);
  const cells = NAMES.map((name) => {
    const found = runs.map(({ perplexity }) => perplexity[name] ?? Number.NaN);
    return spread(found, 2);
  });
  const [{ trainable = 0, bytes = 0 } = {}] = runs;
  return [...cells, String(trainable), (bytes / 1024).toFixed(1), '–'];
}
