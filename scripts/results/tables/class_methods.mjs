// Functions that the tables of texts and of images share: they measure ways to learn classes from a few examples each.
import { PythonMissing } from '../../test/python.mjs';
import { spread } from '../report.mjs';
import { fitRegressions } from '../scikit/regression.mjs';

/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').Profile} Profile */

export const RANK = 64;
const NO_COSTS = ['–', '–', '–'];

export const seedsOf = (/** @type {TableRun} */ { seeds }) => Array.from({ length: seeds }, (_, seed) => seed);

/**
 * Measures a row. A row that needs Python is left out if Python is missing.
 * @param {TableRun} run
 * @param {readonly string[]} key
 * @param {() => Promise<readonly string[]>} method cells after the key
 */
export async function measureRow({ row, report }, key, method) {
  try {
    await row(key, method);
  } catch (error) {
    if (!(error instanceof PythonMissing)) throw error;
    report(`${key.join(' | ')}: left out. ${error.message}`);
  }
}

/**
 * Fits scikit-learn's regressions, one for each of `runs`.
 * @param {TableRun} run
 * @param {import('../scikit/regression.mjs').Regressions} request
 * @returns {Promise<{ readonly cells: readonly string[], readonly seconds: number }>} `cells`: the accuracy, and
 *   dashes for the costs; `seconds`: the shortest time of a fit
 */
export async function regressions({ report }, request) {
  const found = await fitRegressions(request, report);
  const accuracies = found.map(({ accuracy }) => 100 * accuracy);
  return { cells: [spread(accuracies, 1), ...NO_COSTS], seconds: Math.min(...found.map(({ seconds }) => seconds)) };
}

/**
 * @typedef {object} Refinement
 * @property {string} name of the row; the profiles' ids begin with it
 * @property {import('../../../src/index').PreTrainedModel} model
 * @property {import('../../../src/index').ProfileOptions['peft_config']} peft_config
 * @property {number} [max_length] maximum number of tokens to read of a text. Default: the model's limit
 * @property {(seed: number) => readonly import('../../../src/index').Example[]} few
 * @property {Parameters<typeof accuracyOf>[1]} test
 */

/**
 * For each seed, opens a new profile, which learns by the method 'refine', and measures its accuracy.
 * @param {TableRun} run
 * @param {Refinement} refinement
 * @returns {Promise<{ readonly accuracy: string, readonly seconds: string }>} cells of the row; `seconds` is the shortest time of learning
 */
export async function refineProfiles(run, { name, model, peft_config, max_length, few, test }) {
  const length = max_length === undefined ? {} : { max_length };
  /** @type {number[]} */
  const measured = [];
  let seconds = Number.POSITIVE_INFINITY;
  for (const seed of seedsOf(run)) {
    const args = { ...length, seed };
    const options = { args, ...(peft_config && { peft_config }) };
    const profile = await run.library.Profile.open(model, `${name}, ${seed}`, options);
    await profile.add(few(seed));
    const begun = performance.now();
    await profile.learn({ method: 'refine' });
    seconds = Math.min(seconds, (performance.now() - begun) / 1000);
    measured.push(await accuracyOf(profile, test, length));
    run.report(`  seed ${seed}: ${measured.at(-1)?.toFixed(1)}; ${JSON.stringify(profile.info.history.at(-1))}`);
    await profile.forget();
  }
  return { accuracy: spread(measured, 1), seconds: seconds.toFixed(0) };
}

/**
 * Returns the percentage of examples whose likeliest label is right.
 * @param {Profile} profile
 * @param {readonly (Exclude<import('../../../src/index').PredictInput, string> & { readonly label: string })[]} test
 * @param {{ readonly max_length?: number }} options
 */
async function accuracyOf(profile, test, options) {
  let right = 0;
  for (const example of test) {
    const scores = await profile.predict(example, options);
    const best = scores.reduce((one, other) => (other.score > one.score ? other : one));
    if (best.label === example.label) right += 1;
  }
  return (100 * right) / test.length;
}
