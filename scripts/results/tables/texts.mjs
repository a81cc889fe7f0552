// Trains classes of texts on few examples: definitions of nouns by subject, and subjects of e-mails by spam or ham.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from '../../shared/paths.mjs';
import { dataOf } from '../data/fetch.mjs';
import { costColumns, fewOfEach, headOnly, LORA_RANK, trainAndMeasure } from './adapted.mjs';

/** @typedef {import('./adapted.mjs').Method} Method */
/** @typedef {{ readonly text: string, readonly label: string }} Labelled */
/**
 * @typedef {object} Base
 * @property {string} name
 * @property {() => string} folder
 * @property {readonly string[]} target_modules
 * @property {number} layer index of the last layer
 * @property {number} steps of training with VeRA
 * @property {number} headLearningRate of the head in that training
 */

const TESTS = 250;
const RATE = 5e-2;
/** Training of the head only. The rate is the best of several for both models. */
const HEAD = { max_steps: 120, headLearningRate: 1e-2 };
const BATCHES = { per_device_train_batch_size: 8, max_length: 32, group_by_length: true };

/** @type {readonly Base[]} */
const BASES = [
  {
    name: 'all-MiniLM-L6-v2',
    folder: () => dataOf('all-MiniLM-L6-v2', 'config.json'),
    target_modules: ['query', 'value'],
    layer: 5,
    steps: 60,
    headLearningRate: 4e-3,
  },
  {
    name: 'prose-1.4M',
    folder: () => inRepository('demo/public/models/prose-1.4M'),
    target_modules: ['q_proj', 'v_proj'],
    layer: 3,
    steps: 120,
    headLearningRate: 1e-2,
  },
];

/** @param {Base} base @returns {Readonly<Record<'head' | 'r16' | 'r64' | 'r256', Method>>} */
function methodsFor(base) {
  const { steps: max_steps, headLearningRate } = base;
  const args = { ...BATCHES, max_steps, learning_rate: RATE, headLearningRate };
  const vera = (/** @type {number} */ r) => ({
    name: `VeRA r ${r}`,
    config: { r, target_modules: base.target_modules },
    args,
  });
  const head = headOnly({ ...base, args: { ...BATCHES, ...HEAD } });
  return { head, r16: vera(16), r64: vera(64), r256: vera(256) };
}

/** Examples of a class, and method. Ranks are compared at 32 examples, numbers of examples at rank 64. */
const ROWS = /** @type {const} */ ([
  [8, 'head'],
  [8, 'r64'],
  [32, 'head'],
  [32, 'r16'],
  [32, 'r64'],
  [32, 'r256'],
  [128, 'head'],
  [128, 'r64'],
]);

/** @type {import('../report.mjs').Table} */
export const texts = {
  keys: 3,
  columns: ['Data, model', 'Examples a class', 'Method', ...costColumns('Accuracy')],
  about: (seeds) => [
    `Accuracy in percent on ${TESTS} held-out texts: mean ± standard deviation of ${seeds} runs, which differ in their examples and their order.`,
    `A step has ${BATCHES.per_device_train_batch_size} examples. The head alone trains for ${HEAD.max_steps} steps at ${HEAD.headLearningRate}. VeRA trains queries and values at ${RATE}:`,
    `${BASES.map(({ name, steps, headLearningRate }) => `${steps} steps for ${name}, with its head at ${headLearningRate}`).join('; ')}. Chance is 50 (spam) and`,
    `10 (WordNet). LoRA’s values are those of rank ${LORA_RANK} on the same layers.`,
  ],
  async make(run) {
    for (const data of ['spam', 'wordnet']) {
      const folder = dataOf(data, 'train.jsonl');
      const [train, test] = [readLines(join(folder, 'train.jsonl')), readLines(join(folder, 'test.jsonl'))];
      for (const base of BASES) await measure(run, data, base, { train, test: test.slice(0, TESTS) });
    }
  },
};

/**
 * @param {import('../report.mjs').TableRun} run
 * @param {string} data
 * @param {Base} base
 * @param {{ train: readonly Labelled[], test: readonly Labelled[] }} examples
 */
async function measure(run, data, base, { train, test }) {
  const { library, session, row } = run;
  const names = [...new Set(train.map(({ label }) => label))].sort();
  const id2label = Object.fromEntries(names.map((label, index) => [index, label]));
  const source = await library.openFolder(base.folder());
  const model = await library.AutoModelForSequenceClassification.from_pretrained(source, { session, id2label });
  const methods = methodsFor(base);
  for (const [shots, method] of ROWS) {
    const { name, config, ...others } = methods[method];
    const key = [`${data}, ${base.name}`, String(shots), name];
    const classifier = { name, config: { ...config, task_type: /** @type {const} */ ('SEQ_CLS') }, ...others };
    const few = (/** @type {number} */ seed) => fewOfEach(train, shots, seed);
    await row(key, () => trainAndMeasure(run, classifier, { model, train: few, test, metric: 'accuracy' }));
  }
  await model.dispose();
}

/**
 * @param {string} path
 * @returns {Labelled[]}
 */
function readLines(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
