// Trains classes of images that the bundled vision transformer has never seen.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from '../../shared/paths.mjs';
import { readFashionMnist, SIDE } from '../data/fashion_mnist.mjs';
import { dataOf } from '../data/fetch.mjs';
import { costColumns, fewOfEach, headOnly, LORA_RANK, trainAndMeasure } from './adapted.mjs';

/** @typedef {import('./adapted.mjs').Method} Method */
/** @typedef {import('../data/fashion_mnist.mjs').Image} Image */

const MODEL = inRepository('demo/public/models/vit-pictures-1.4M');
const HELD_BACK = ['Coat', 'Pullover', 'Shirt'];
const TESTS = 900;
const BATCH = 30;

/** @param {number} steps @returns {Readonly<Record<'head' | 'r16' | 'r64' | 'r256', Method>>} */
function methodsFor(steps) {
  const batches = { per_device_train_batch_size: BATCH, max_steps: steps };
  const vera = (/** @type {number} */ r) => ({
    name: `VeRA r ${r}`,
    config: { r, target_modules: /** @type {const} */ ('all-linear'), modules_to_save: ['classifier'] },
    args: { ...batches, learning_rate: 3e-2, headLearningRate: 4e-3 },
  });
  const args = { ...batches, max_steps: 2 * steps, headLearningRate: 3e-2 };
  const { config, ...head } = headOnly({ target_modules: ['q_proj'], layer: 3, args });
  const both = { ...config, modules_to_save: ['classifier'] };
  return { head: { ...head, config: both }, r16: vera(16), r64: vera(64), r256: vera(256) };
}

/** Images of a class, steps, and method. Ranks are compared at 10 images of a class; more images need more steps. */
const ROWS = /** @type {const} */ ([
  [10, 60, 'head'],
  [10, 60, 'r16'],
  [10, 60, 'r64'],
  [10, 60, 'r256'],
  [50, 100, 'head'],
  [50, 100, 'r256'],
  [200, 200, 'head'],
  [200, 200, 'r256'],
]);

/** @type {import('../report.mjs').Table} */
export const images = {
  keys: 2,
  columns: ['Images a class', 'Method', ...costColumns('Accuracy')],
  about: (seeds) => [
    `Accuracy in percent on ${TESTS} images of Fashion-MNIST’s ${HELD_BACK.join(', ')}, which the bundled vit-pictures-1.4M has never seen: mean ± standard`,
    `deviation of ${seeds} runs, which differ in their images. Runs have 60, 100 and 200 steps of ${BATCH} images; the head alone has twice as many, because`,
    `its steps are half the work. Chance is 33. VeRA adapts all linear layers. LoRA’s values are those of rank ${LORA_RANK} on the same layers.`,
  ],
  async make(run) {
    const { library, session, row } = run;
    const folder = dataOf('fashion-mnist', 'complete');
    const ofThree = (/** @type {Image[]} */ all) => all.filter(({ label }) => HELD_BACK.includes(label));
    const [all, tests] = [ofThree(readFashionMnist(folder, 'train')), ofThree(readFashionMnist(folder, 'test'))];
    const { image_mean, image_std } = JSON.parse(readFileSync(join(MODEL, 'preprocessor_config.json'), 'utf8'));
    const toExample = exampleOf(image_mean, image_std);
    const test = tests.slice(0, TESTS).map(toExample);
    const id2label = Object.fromEntries(HELD_BACK.map((label, index) => [index, label]));
    const options = { session, id2label, ignore_mismatched_sizes: true, module_names: /** @type {const} */ ('v5') };
    const source = await library.openFolder(MODEL);
    const model = await library.AutoModelForImageClassification.from_pretrained(source, options);
    for (const [shots, steps, name] of ROWS) {
      const method = methodsFor(steps)[name];
      const train = (/** @type {number} */ seed) => fewOfEach(all, shots, seed).map(toExample);
      const runs = { model, train, test, metric: /** @type {const} */ ('accuracy') };
      await row([String(shots), method.name], () => trainAndMeasure(run, method, runs));
    }
  },
};

/**
 * Converts grey images to three equal channels.
 * @param {readonly number[]} mean
 * @param {readonly number[]} std
 */
function exampleOf(mean, std) {
  return (/** @type {Image} */ { pixels, label }) => {
    const data = new Float32Array(3 * pixels.length);
    for (let channel = 0; channel < 3; channel++) {
      const [middle = 0, width = 1] = [mean[channel], std[channel]];
      data.set(
        Float32Array.from(pixels, (byte) => (byte / 255 - middle) / width),
        channel * pixels.length,
      );
    }
    return { pixel_values: { dims: [3, SIDE, SIDE], data }, label };
  };
}
