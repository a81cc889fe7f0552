// The ways to learn classes of texts from a few examples each, which the table of texts compares. Each gives the cells of a row.
import { spread } from '../report.mjs';
import { fitRegressions } from '../scikit/regression.mjs';
import { costOf } from './adapted.mjs';

/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('./text_lesson.mjs').TextLesson} TextLesson */
/** @typedef {(lesson: TextLesson, shots: number) => Promise<readonly string[]>} TextMethod cells from the accuracy on; `shots`: examples a class */

export const RANK = 64;
/** Tokens of a text that a classifier reads. */
export const LENGTH = 32;
const NO_COSTS = ['–', '–', '–'];

/** Trainings take minutes on a software adapter, so that they have no more runs. */
export const MOST_TRAININGS = 3;

const seedsOf = (/** @type {TableRun} */ { seeds }) => Array.from({ length: seeds }, (_, seed) => seed);

/** @type {TextMethod} */
export async function wordsByRegression(lesson, shots) {
  const [train, test] = [lesson.train, lesson.test].map((all) => all.map(({ text }) => text));
  const found = await regressions(lesson, shots, train ?? [], test ?? []);
  return [...found.cells, found.seconds.toFixed(1)];
}

/** @type {TextMethod} */
export async function vectorsByRegression(lesson, shots) {
  const { train, test, secondsEach } = await lesson.vectors();
  const found = await regressions(lesson, shots, train, test);
  const seconds = secondsEach * lesson.few(shots, 0).length + found.seconds;
  return [...found.cells, seconds.toFixed(1)];
}

/**
 * @param {TextLesson} lesson
 * @param {number} shots
 * @param {readonly string[] | readonly (readonly number[])[]} train
 * @param {readonly string[] | readonly (readonly number[])[]} test
 */
async function regressions(lesson, shots, train, test) {
  const { run } = lesson;
  const places = new Map(lesson.train.map((example, place) => [example, place]));
  const runs = seedsOf(run).map((seed) => lesson.few(shots, seed).map((one) => places.get(one) ?? 0));
  const labelled = (/** @type {typeof train} */ inputs, /** @type {TextLesson['train']} */ from) => {
    return { inputs, labels: from.map(({ label }) => label) };
  };
  const request = { train: labelled(train, lesson.train), test: labelled(test, lesson.test), runs };
  const found = await fitRegressions(request, run.report);
  const measured = found.map(({ accuracy }) => 100 * accuracy);
  const seconds = Math.min(...found.map((one) => one.seconds));
  return { cells: [spread(measured, 1), ...NO_COSTS], seconds };
}

/** @type {TextMethod} */
export async function instantHead(lesson, shots) {
  const vera = await lesson.solver();
  const { secondsEach } = await lesson.vectors();
  /** @type {number[]} */
  const measured = [];
  let seconds = Number.POSITIVE_INFINITY;
  for (const seed of seedsOf(lesson.run)) {
    const few = lesson.few(shots, seed);
    const { held_out } = await vera.fit_head(few, { eval_dataset: lesson.test, max_length: LENGTH });
    measured.push(100 * (held_out?.after.accuracy ?? Number.NaN));
    // The same head again, now that the vectors of all examples are known.
    const again = await vera.fit_head(few, { max_length: LENGTH });
    seconds = Math.min(seconds, again.seconds);
  }
  const costs = await costOf(vera, true);
  return [spread(measured, 1), ...costs, (secondsEach * lesson.few(shots, 0).length + seconds).toFixed(1)];
}

/** @type {TextMethod} */
export async function refinedProfile(lesson, shots) {
  const { run, base } = lesson;
  const model = await lesson.shared();
  const peft_config = { r: RANK, target_modules: base.target_modules };
  /** @type {number[]} */
  const measured = [];
  let seconds = Number.POSITIVE_INFINITY;
  for (const seed of seedsOf(run).slice(0, MOST_TRAININGS)) {
    const args = { max_length: LENGTH, seed };
    const profile = await run.library.Profile.open(model, `${lesson.name}, ${shots}, ${seed}`, { peft_config, args });
    await profile.add(lesson.few(shots, seed));
    const begun = performance.now();
    await profile.learn({ method: 'refine' });
    seconds = Math.min(seconds, (performance.now() - begun) / 1000);
    measured.push(await accuracyOf(profile, lesson.test));
    run.report(`  seed ${seed}: ${measured.at(-1)?.toFixed(1)}; ${JSON.stringify(profile.info.history.at(-1))}`);
    await profile.forget();
  }
  return [spread(measured, 1), ...(await costOfVera(lesson)), seconds.toFixed(0)];
}

/**
 * The percentage of examples whose likeliest label is right.
 * @param {import('../../../src/index').Profile} profile
 * @param {readonly (Exclude<import('../../../src/index').PredictInput, string> & { readonly label: string })[]} test
 */
export async function accuracyOf(profile, test) {
  let right = 0;
  for (const example of test) {
    const scores = await profile.predict(example, { max_length: LENGTH });
    const best = scores.reduce((one, other) => (other.score > one.score ? other : one));
    if (best.label === example.label) right += 1;
  }
  return (100 * right) / test.length;
}

/** @param {TextLesson} lesson */
async function costOfVera(lesson) {
  const { library } = lesson.run;
  const model = await lesson.open();
  const { target_modules } = lesson.base;
  const config = { r: RANK, target_modules, task_type: /** @type {const} */ ('SEQ_CLS') };
  const vera = await library.get_peft_model(model, new library.VeraConfig({ save_projection: false, ...config }));
  const costs = await costOf(vera, false);
  await vera.dispose();
  return costs;
}
