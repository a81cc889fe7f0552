// Compares several ways to learn classes of images on which the bundled vision transformer wasn't trained.
import { inRepository } from '../../shared/paths.mjs';
import { readFashionMnist, SIDE } from '../data/fashion_mnist.mjs';
import { dataOf } from '../data/fetch.mjs';
import { spread } from '../report.mjs';
import { costColumns, costOf, fewOfEach, HEAD_RANK, LORA_RANK } from './adapted.mjs';
import { measureRow, RANK, refineProfiles, regressions, seedsOf } from './class_methods.mjs';

/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../data/fashion_mnist.mjs').Image} Image */
/**
 * @typedef {object} ImageLesson
 * @property {TableRun} run
 * @property {import('../../../src/index').PreTrainedModel} model
 * @property {readonly Image[]} train
 * @property {readonly Image[]} test
 */
/**
 * Returns the cells of a row, from the accuracy to its end. `shots`: images per class.
 * @typedef {(lesson: ImageLesson, shots: number) => Promise<readonly string[]>} ImageMethod
 */

const MODEL = inRepository('demo/public/models/vit-pictures-1.4M');
const HELD_BACK = ['Coat', 'Pullover', 'Shirt'];
const TESTS = 900;
const SHOTS = [10, 50, 200];

/** @type {Readonly<Record<string, ImageMethod>>} */
const METHODS = {
  'logistic regression of pixels': pixelsByRegression,
  'instant head': instantHead,
  'refined VeRA': refinedProfile,
};

/** @type {import('../report.mjs').Table} */
export const images = {
  keys: 2,
  columns: ['Images a class', 'Method', ...costColumns('Accuracy')],
  about: (seeds) => [
    `Accuracy in percent on ${TESTS} images of Fashion-MNIST’s ${HELD_BACK.join(', ')}, which the bundled vit-pictures-1.4M has never seen: mean ± standard`,
    `deviation of ${seeds} runs, which differ in their images. Chance is 33. The methods are those of [texts](#texts): the`,
    `regression is scikit-learn’s, over raw pixels, and VeRA has r ${RANK} on all linear layers. LoRA’s values are those of rank ${LORA_RANK} on the same layers.`,
  ],
  async make(run) {
    const { library, session } = run;
    const folder = dataOf('fashion-mnist', 'complete');
    const ofThree = (/** @type {Image[]} */ all) => all.filter(({ label }) => HELD_BACK.includes(label));
    const [train, test] = [ofThree(readFashionMnist(folder, 'train')), ofThree(readFashionMnist(folder, 'test'))];
    const id2label = Object.fromEntries(HELD_BACK.map((label, index) => [index, label]));
    const options = { session, id2label, ignore_mismatched_sizes: true, module_names: /** @type {const} */ ('v5') };
    const source = await library.openFolder(MODEL);
    const model = await library.AutoModelForImageClassification.from_pretrained(source, options);
    const lesson = { run, model, train, test: test.slice(0, TESTS) };
    for (const shots of SHOTS) {
      for (const [name, method] of Object.entries(METHODS)) {
        await measureRow(run, [String(shots), name], () => method(lesson, shots));
      }
    }
    await model.dispose();
  },
};

/** @type {ImageMethod} */
async function pixelsByRegression({ run, train, test }, shots) {
  const few = seedsOf(run).map((seed) => fewOfEach(train, shots, seed));
  const rows = few.map((_, seed) => few.slice(0, seed).reduce((sum, { length }) => sum + length, 0));
  const runs = few.map(({ length }, seed) => Array.from({ length }, (_, i) => (rows[seed] ?? 0) + i));
  const labelled = (/** @type {readonly Image[]} */ all) => ({
    inputs: all.map(({ pixels }) => Array.from(pixels, (byte) => byte / 255)),
    labels: all.map(({ label }) => label),
  });
  const { cells, seconds } = await regressions(run, { train: labelled(few.flat()), test: labelled(test), runs });
  return [...cells, seconds.toFixed(1)];
}

/** @type {ImageMethod} */
async function instantHead({ run, model, train, test }, shots) {
  const { library } = run;
  // PEFT needs at least one adapted layer. This layer's adapter doesn't learn: only the head does.
  const where = { target_modules: ['q_proj'], layers_to_transform: [3], modules_to_save: ['classifier'] };
  const vera = await library.get_peft_model(
    model,
    new library.VeraConfig({ r: HEAD_RANK, save_projection: false, ...where }),
  );
  const eval_dataset = test.map(exampleOf);
  /** @type {number[]} */
  const measured = [];
  let seconds = Number.POSITIVE_INFINITY;
  for (const seed of seedsOf(run)) {
    const few = fewOfEach(train, shots, seed).map(exampleOf);
    // Only this call is timed: it computes the features of the new examples. The next call also computes those of the test images.
    seconds = Math.min(seconds, (await vera.fit_head(few)).seconds);
    const { held_out } = await vera.fit_head(few, { eval_dataset });
    measured.push(100 * (held_out?.after.accuracy ?? Number.NaN));
  }
  const costs = await costOf(vera, true);
  await vera.unload();
  return [spread(measured, 1), ...costs, seconds.toFixed(1)];
}

/** @type {ImageMethod} */
async function refinedProfile({ run, model, train, test }, shots) {
  const { library } = run;
  const config = { r: RANK, target_modules: /** @type {const} */ ('all-linear'), modules_to_save: ['classifier'] };
  const { accuracy, seconds } = await refineProfiles(run, {
    name: `images, ${shots}`,
    model,
    peft_config: config,
    few: (seed) => fewOfEach(train, shots, seed).map(exampleOf),
    test: test.map(exampleOf),
  });
  const vera = await library.get_peft_model(model, new library.VeraConfig({ save_projection: false, ...config }));
  const costs = await costOf(vera, false);
  await vera.unload();
  return [accuracy, ...costs, seconds];
}

/** Returns a grey image as an example with three equal channels. */
function exampleOf(/** @type {Image} */ { pixels, label }) {
  const data = new Uint8Array(3 * pixels.length);
  for (const [i, byte] of pixels.entries()) data.fill(byte, 3 * i, 3 * i + 3);
  return { prepared: { width: SIDE, height: SIDE, data }, label };
}
