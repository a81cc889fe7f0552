// What all tables do: train some adapters of one kind, measure them, and tell what they cost.
import { spread } from '../report.mjs';

/** @typedef {import('../../results.mjs').Bench} Bench */
/** @typedef {import('../../../src/index').VeraModel} VeraModel */

/** The rank at which a LoRA of the same layers is counted, for scale. */
export const LORA_RANK = 8;

/** A step of λ that changes nothing, and the rank of such a λ. */
const NO_STEP = 1e-30;
const HEAD_RANK = 1;

/** The columns behind those that name a row. */
export const costColumns = (/** @type {string} */ metric) => [metric, 'numbers that train', 'LoRA’s', 'KiB', 'seconds'];

/**
 * @typedef {object} Method
 * @property {string} name
 * @property {Partial<import('../../../src/index').VeraConfigInit>} config
 * @property {import('../../../src/index').TrainingArguments} args
 * @property {boolean} [headOnly] λ stays as it is
 */

/**
 * The head alone. PEFT has no VeRA without a layer, so that a single one stands there: nothing below it is gone back through, and it doesn't learn.
 * @param {{ readonly target_modules: readonly string[], readonly layer: number, readonly args: import('../../../src/index').TrainingArguments }} where
 * @returns {Method}
 */
export function headOnly({ target_modules, layer, args }) {
  const config = { r: HEAD_RANK, target_modules, layers_to_transform: [layer] };
  return { name: 'head only', config, args: { ...args, learning_rate: NO_STEP }, headOnly: true };
}

/**
 * @typedef {object} Runs
 * @property {import('../../../src/index').PreTrainedModel} model
 * @property {(seed: number) => import('../../../src/index').TrainerInit['train_dataset']} train
 * @property {import('../../../src/index').TrainerInit['train_dataset']} test
 * @property {'accuracy' | 'perplexity'} metric accuracy comes in percent
 */

/**
 * @param {Bench} bench
 * @param {Method} method
 * @param {Runs} runs one for each seed
 * @returns {Promise<string[]>} a cell for each of `costColumns`
 */
export async function trainAndMeasure({ library, seeds }, method, { model, train, test, metric }) {
  /** @type {number[]} */
  const measured = [];
  let seconds = Number.POSITIVE_INFINITY;
  /** @type {string[]} */
  let cost = [];
  for (let seed = 0; seed < seeds; seed++) {
    const config = new library.VeraConfig({ save_projection: false, ...method.config });
    const vera = await library.get_peft_model(model, config);
    const args = { ...method.args, seed, save_strategy: /** @type {const} */ ('no'), logging_steps: 1000 };
    const trainer = new library.Trainer({ model: vera, args, train_dataset: train(seed), eval_dataset: test });
    const begun = performance.now();
    await trainer.train();
    seconds = Math.min(seconds, (performance.now() - begun) / 1000);
    const { [metric]: found = Number.NaN } = await trainer.evaluate();
    measured.push(metric === 'accuracy' ? 100 * found : found);
    cost = await costOf(vera, method.headOnly ?? false);
    await vera.unload();
  }
  return [spread(measured, metric === 'accuracy' ? 1 : 2), ...cost, seconds.toFixed(0)];
}

/**
 * @param {VeraModel} vera
 * @param {boolean} ofHead alone
 * @returns {Promise<string[]>} numbers that train, those that a LoRA of the same layers would train, KiB of the adapter's file
 */
async function costOf(vera, ofHead) {
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
  let state = (seed + 1) * 0x9e3779b9;
  for (let i = order.length - 1; i > 0; i--) {
    // An xorshift is random enough to pick examples.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % (i + 1);
    const moved = /** @type {T} */ (order[i]);
    order[i] = /** @type {T} */ (order[j]);
    order[j] = moved;
  }
  return order;
}

/**
 * So many examples of each class.
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
