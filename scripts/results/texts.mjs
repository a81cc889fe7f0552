// Text classes from few examples: definitions of nouns by their subject, and subjects of e-mails by whether they are spam.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../lib/options.mjs';
import { costOf, fewOfEach, LORA_RANK } from './adapted.mjs';
import { dataFolder } from './fetch.mjs';
import { spread } from './report.mjs';

/** @typedef {import('../results.mjs').Bench} Bench */
/** @typedef {{ readonly text: string, readonly label: string }} Labelled */
/** @typedef {{ readonly name: string, readonly folder: string, readonly target_modules: readonly string[] }} Base */

const BUNDLED = fileURLToPath(new URL('../../demo/public/models/prose-1.4M', import.meta.url));
const TESTS = 500;
/** A step of λ that changes nothing: the head alone learns. */
const NONE = 1e-30;

/** @type {readonly { readonly name: string, readonly r: number, readonly learning_rate: number, readonly headLearningRate: number }[]} */
const METHODS = [
  { name: 'head only', r: 16, learning_rate: NONE, headLearningRate: 1e-2 },
  { name: 'VeRA r 16', r: 16, learning_rate: 5e-2, headLearningRate: 4e-3 },
  { name: 'VeRA r 64', r: 64, learning_rate: 5e-2, headLearningRate: 4e-3 },
  { name: 'VeRA r 256', r: 256, learning_rate: 3e-2, headLearningRate: 4e-3 },
];
const SHOTS = [8, 32, 128];

/** @param {Bench} bench */
export async function texts({ library, session, seeds, tell }) {
  const bases = [
    { name: 'all-MiniLM-L6-v2', folder: dataOf('all-MiniLM-L6-v2', 'config.json'), target_modules: ['query', 'value'] },
    { name: 'prose-1.4M', folder: BUNDLED, target_modules: ['q_proj', 'v_proj'] },
  ];
  /** @type {string[][]} */
  const rows = [];
  for (const data of ['spam', 'wordnet']) {
    const folder = dataOf(data, 'train.jsonl');
    const [train, test] = [readLines(join(folder, 'train.jsonl')), readLines(join(folder, 'test.jsonl'))];
    const names = [...new Set(train.map(({ label }) => label))].sort();
    for (const base of bases) {
      const source = await library.openFolder(base.folder);
      const id2label = Object.fromEntries(names.map((label, index) => [index, label]));
      const options = { session, id2label };
      const model = await library.AutoModelForSequenceClassification.from_pretrained(source, options);
      for (const shots of SHOTS) {
        for (const method of METHODS) {
          const few = (/** @type {number} */ seed) => fewOfEach(train, shots, seed);
          const row = await measure(library, model, base, method, { few, test: test.slice(0, TESTS), seeds });
          rows.push([`${data}, ${base.name}`, String(shots), method.name, ...row]);
          tell(rows.at(-1)?.join(' | ') ?? '');
        }
      }
      await model.dispose();
    }
  }
  return {
    about: [
      `Accuracy in percent on ${TESTS} texts that weren't trained on, mean ± standard deviation of ${seeds} runs, which differ in`,
      `their examples and their order. VeRA on queries and values; LoRA's size is that of rank ${LORA_RANK} on the same layers.`,
    ],
    columns: [
      'data, model',
      'examples a class',
      'what trains',
      'accuracy',
      'numbers that train',
      'LoRA’s',
      'KiB',
      'seconds',
    ],
    rows,
  };
}

/**
 * @param {typeof import('../../src/node')} library
 * @param {import('../../src/index').PreTrainedModel} model
 * @param {Base} base
 * @param {typeof METHODS[number]} method
 * @param {{ few(seed: number): Labelled[], test: readonly Labelled[], seeds: number }} data
 */
async function measure(
  library,
  model,
  { target_modules },
  { r, learning_rate, headLearningRate },
  { few, test, seeds },
) {
  /** @type {number[]} */
  const accuracies = [];
  let [cost, seconds] = [{ trainable: 0, bytes: 0, lora: 0 }, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const config = new library.VeraConfig({ r, target_modules, task_type: 'SEQ_CLS', save_projection: false });
    const vera = await library.get_peft_model(model, config);
    const examples = few(seed);
    const begun = performance.now();
    const args = {
      per_device_train_batch_size: 16,
      // Few examples are seen more often.
      max_steps: Math.max(60, Math.ceil((6 * examples.length) / 16)),
      ...{ learning_rate, headLearningRate, seed, max_length: 64 },
      ...{ save_strategy: /** @type {const} */ ('no'), group_by_length: true, logging_steps: 1000 },
    };
    await new library.Trainer({ model: vera, args, train_dataset: examples }).train();
    seconds += (performance.now() - begun) / 1000 / seeds;
    const measuring = { per_device_train_batch_size: 16, max_length: 64 };
    const trainer = new library.Trainer({ model: vera, args: measuring, train_dataset: [], eval_dataset: test });
    const { accuracy = Number.NaN } = await trainer.evaluate();
    accuracies.push(100 * accuracy);
    cost = await costOf(vera);
    await vera.unload();
  }
  const kib = (cost.bytes / 1024).toFixed(1);
  return [spread(accuracies, 1), String(cost.trainable), String(cost.lora), kib, seconds.toFixed(0)];
}

/**
 * @param {string} name of a source
 * @param {string} file that must be there
 */
export function dataOf(name, file) {
  const folder = join(dataFolder(), name);
  if (existsSync(join(folder, file))) return folder;
  throw new CommandFailure(`${join(folder, file)} isn't there: npm run results:data brings it`);
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
