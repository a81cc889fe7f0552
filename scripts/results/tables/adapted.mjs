// Functions that several tables share: they train adapters of one kind, measure them, and report their costs.
import { randomNumbers } from '../../shared/random.mjs';
import { spread } from '../report.mjs';

/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').AdaptedModel} AdaptedModel */

/** The rank of a LoRA of the adapted layers. Tables report the number of its values for comparison. */
export const LORA_RANK = 8;

/** The rank of the adapter if only the head learns: PEFT needs at least one adapted layer. */
export const HEAD_RANK = 1;

/** Returns the columns after those that identify a row. */
export const costColumns = (/** @type {string} */ metric) => [
  metric,
  'Trained values',
  'LoRA’s values',
  'KiB',
  'Seconds',
];

/**
 * @typedef {object} Method
 * @property {string} name
 * @property {Partial<import('../../../src/index').VeraConfigInit> | import('../../../src/index').IA3Config} config fields of
 *   a VeRA configuration, or an (IA)³ configuration
 * @property {import('../../../src/index').TrainingArguments} args
 */

/**
 * @typedef {object} Runs
 * @property {import('../../../src/index').PreTrainedModel} model
 * @property {(seed: number) => import('../../../src/index').TrainerInit['train_dataset']} train
 * @property {import('../../../src/index').TrainerInit['train_dataset']} test
 * @property {import('../../../src/index').TrainerInit['train_dataset']} [validation] data for choosing
 *   settings; its column comes before that of `test`
 */

/**
 * @param {TableRun} run
 * @param {Method} method
 * @param {Runs} runs the model and data; one run is trained for each seed
 * @returns {Promise<string[]>} cells of the row, one for each of `costColumns`
 */
export async function trainAndMeasure({ library, seeds }, method, { model, train, test, validation }) {
  const tests = validation === undefined ? [test] : [validation, test];
  /** @type {number[][]} */
  const measured = tests.map(() => []);
  let seconds = Number.POSITIVE_INFINITY;
  /** @type {string[]} */
  let cost = [];
  for (let seed = 0; seed < seeds; seed++) {
    const config =
      method.config instanceof library.IA3Config
        ? method.config
        : new library.VeraConfig({ save_projection: false, ...method.config });
    const vera = await library.get_peft_model(model, config);
    const args = { ...method.args, seed, save_strategy: /** @type {const} */ ('no'), logging_steps: 1000 };
    const trainer = new library.Trainer({ model: vera, args, train_dataset: train(seed) });
    const begun = performance.now();
    await trainer.train();
    seconds = Math.min(seconds, (performance.now() - begun) / 1000);
    for (const [index, eval_dataset] of tests.entries()) {
      const judge = new library.Trainer({ model: vera, args, train_dataset: eval_dataset, eval_dataset });
      const { perplexity = Number.NaN } = await judge.evaluate();
      measured[index]?.push(perplexity);
    }
    cost = await costOf(vera, false);
    await vera.unload();
  }
  return [...measured.map((found) => spread(found, 2)), ...cost, seconds.toFixed(0)];
}

/**
 * @param {AdaptedModel} vera
 * @param {boolean} ofHead whether only the head trains
 * @returns {Promise<string[]>} trained values, values that a LoRA of the same layers would train, and KiB of the adapter's file
 */
export async function costOf(vera, ofHead) {
  const { trainable } = vera.get_nb_trainable_parameters();
  const wrapped = new Set(vera.get_layer_status().map(({ name }) => name.replace(/^model\./, '')));
  const layers = vera.named_modules().filter(({ name }) => wrapped.has(name));
  if (ofHead) {
    const λ = layers.reduce((sum, { out_features = 0 }) => sum + HEAD_RANK + out_features, 0);
    return [String(trainable - λ), '–', '–'];
  }
  const lora = layers.reduce(
    (sum, { in_features = 0, out_features = 0 }) => sum + LORA_RANK * (in_features + out_features),
    0,
  );
  const { 'adapter_model.safetensors': file } = await vera.save_pretrained();
  return [String(trainable), String(lora), (file.size / 1024).toFixed(1)];
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {number} seed
 * @returns {T[]} shuffled, in the same order for the same seed
 */
export function shuffled(items, seed) {
  const order = [...items];
  const random = randomNumbers((seed + 1) * 0x9e3779b9);
  for (let i = order.length - 1; i > 0; i--) {
    const j = (random() * 2 ** 32) % (i + 1);
    const moved = /** @type {T} */ (order[i]);
    order[i] = /** @type {T} */ (order[j]);
    order[j] = moved;
  }
  return order;
}

/**
 * Picks `each` random examples of each class. The seed determines the choice.
 * @template {{ readonly label: string }} T
 * @param {readonly T[]} examples
 * @param {number} each
 * @param {number} seed
 * @returns {T[]}
 */
export function fewOfEach(examples, each, seed) {
  const labels = [...new Set(examples.map(({ label }) => label))].sort();
  const order = shuffled(examples, seed);
  return labels.flatMap((label) => order.filter((example) => example.label === label).slice(0, each));
}
