// Classes of images that the bundled vision transformer has never seen.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { costOf, fewOfEach, LORA_RANK } from './adapted.mjs';
import { readFashionMnist, SIDE } from './fashion_mnist.mjs';
import { spread } from './report.mjs';
import { dataOf } from './texts.mjs';

/** @typedef {import('../results.mjs').Bench} Bench */
/** @typedef {import('./fashion_mnist.mjs').Image} Image */

const MODEL = fileURLToPath(new URL('../../demo/public/models/vit-fashion-0.7M', import.meta.url));
const HELD_BACK = ['Coat', 'Pullover', 'Shirt'];
const TESTS = 900;
const NONE = 1e-30;

/** @typedef {{ readonly name: string, readonly r: number, readonly target_modules: 'all-linear' | readonly string[], readonly learning_rate: number, readonly headLearningRate: number }} Method */
/** @type {readonly Method[]} */
const METHODS = [
  { name: 'head only', r: 16, target_modules: ['q_proj', 'v_proj'], learning_rate: NONE, headLearningRate: 3e-2 },
  { name: 'VeRA r 16', r: 16, target_modules: 'all-linear', learning_rate: 3e-2, headLearningRate: 4e-3 },
  { name: 'VeRA r 64', r: 64, target_modules: 'all-linear', learning_rate: 3e-2, headLearningRate: 4e-3 },
  { name: 'VeRA r 256', r: 256, target_modules: 'all-linear', learning_rate: 3e-2, headLearningRate: 4e-3 },
];
const SHOTS = [10, 50, 200];

/** @param {Bench} bench */
export async function images({ library, session, seeds, tell }) {
  const folder = dataOf('fashion-mnist', 'complete');
  const ofThree = (/** @type {Image[]} */ all) => all.filter(({ label }) => HELD_BACK.includes(label));
  const [train, test] = [ofThree(readFashionMnist(folder, 'train')), ofThree(readFashionMnist(folder, 'test'))];
  const { image_mean, image_std } = JSON.parse(readFileSync(join(MODEL, 'preprocessor_config.json'), 'utf8'));
  const toExample = exampleOf(image_mean, image_std);
  const measured = test.slice(0, TESTS).map(toExample);
  const id2label = Object.fromEntries(HELD_BACK.map((label, index) => [index, label]));
  const options = { session, id2label, ignore_mismatched_sizes: true, module_names: /** @type {const} */ ('v5') };
  const source = await library.openFolder(MODEL);
  const model = await library.AutoModelForImageClassification.from_pretrained(source, options);
  /** @type {string[][]} */
  const rows = [];
  for (const shots of SHOTS) {
    for (const { name, r, target_modules, learning_rate, headLearningRate } of METHODS) {
      /** @type {number[]} */
      const accuracies = [];
      let [cost, seconds] = [{ trainable: 0, bytes: 0, lora: 0 }, 0];
      for (let seed = 0; seed < seeds; seed++) {
        const heads = { modules_to_save: ['classifier'], save_projection: false };
        const vera = await library.get_peft_model(model, new library.VeraConfig({ r, target_modules, ...heads }));
        const examples = fewOfEach(train, shots, seed).map(toExample);
        const begun = performance.now();
        const rates = { learning_rate, headLearningRate };
        const plan = { per_device_train_batch_size: 32, max_steps: shots <= 10 ? 100 : 300, seed, logging_steps: 1000 };
        const args = { ...plan, ...rates, save_strategy: /** @type {const} */ ('no') };
        const trainer = new library.Trainer({ model: vera, args, train_dataset: examples, eval_dataset: measured });
        await trainer.train();
        seconds += (performance.now() - begun) / 1000 / seeds;
        const { accuracy = Number.NaN } = await trainer.evaluate();
        accuracies.push(100 * accuracy);
        cost = await costOf(vera);
        await vera.unload();
      }
      const kib = (cost.bytes / 1024).toFixed(1);
      const about = [String(cost.trainable), String(cost.lora), kib, seconds.toFixed(0)];
      rows.push([String(shots), name, spread(accuracies, 1), ...about]);
      tell(rows.at(-1)?.join(' | ') ?? '');
    }
  }
  return {
    about: [
      `Accuracy in percent on ${TESTS} images of Fashion-MNIST's Coat, Pullover and Shirt, which the bundled vit-fashion-0.7M has never`,
      `seen, mean ± standard deviation of ${seeds} runs. VeRA on all linear layers; LoRA's size is that of rank ${LORA_RANK} on the same layers.`,
    ],
    columns: ['images a class', 'what trains', 'accuracy', 'numbers that train', 'LoRA’s', 'KiB', 'seconds'],
    rows,
  };
}

/**
 * Grey images with the same values in each of three channels.
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
