// The methods that the table of texts compares: ways to learn classes from a few examples of each. A method returns the cells of a row.
import { spread } from '../report.mjs';
import { costOf } from './adapted.mjs';
import { RANK, refineProfiles, regressions, seedsOf } from './class_methods.mjs';

/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('./text_lesson.mjs').TextLesson} TextLesson */
/**
 * Returns the cells of a row, from the accuracy to its end. `shots`: examples per class.
 * @typedef {(lesson: TextLesson, shots: number) => Promise<readonly string[]>} TextMethod
 */

/** The maximum number of tokens that a classifier reads of a text. */
export const LENGTH = 32;

/** @type {TextMethod} */
export async function wordsByRegression(lesson, shots) {
  const [train, test] = [lesson.train, lesson.test].map((all) => all.map(({ text }) => text));
  const found = await regressions(lesson.run, requestOf(lesson, shots, train ?? [], test ?? []));
  return [...found.cells, found.seconds.toFixed(1)];
}

/** @type {TextMethod} */
export async function vectorsByRegression(lesson, shots) {
  const { train, test, secondsEach } = await lesson.vectors();
  const found = await regressions(lesson.run, requestOf(lesson, shots, train, test));
  const seconds = secondsEach * lesson.few(shots, 0).length + found.seconds;
  return [...found.cells, seconds.toFixed(1)];
}

/**
 * @param {TextLesson} lesson
 * @param {number} shots
 * @param {readonly string[] | readonly (readonly number[])[]} train
 * @param {readonly string[] | readonly (readonly number[])[]} test
 */
function requestOf(lesson, shots, train, test) {
  const places = new Map(lesson.train.map((example, place) => [example, place]));
  const runs = seedsOf(lesson.run).map((seed) => lesson.few(shots, seed).map((one) => places.get(one) ?? 0));
  const labelled = (/** @type {typeof train} */ inputs, /** @type {TextLesson['train']} */ from) => {
    return { inputs, labels: from.map(({ label }) => label) };
  };
  return { train: labelled(train, lesson.train), test: labelled(test, lesson.test), runs };
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
    // Solves the same head again: the features of all examples are cached now, so this measures only the solving.
    const again = await vera.fit_head(few, { max_length: LENGTH });
    seconds = Math.min(seconds, again.seconds);
  }
  const costs = await costOf(vera, true);
  return [spread(measured, 1), ...costs, (secondsEach * lesson.few(shots, 0).length + seconds).toFixed(1)];
}

/** @type {TextMethod} */
export async function refinedProfile(lesson, shots) {
  const { accuracy, seconds } = await refineProfiles(lesson.run, {
    name: `${lesson.name}, ${shots}`,
    model: await lesson.shared(),
    peft_config: { r: RANK, target_modules: lesson.base.target_modules },
    max_length: LENGTH,
    few: (seed) => lesson.few(shots, seed),
    test: lesson.test,
  });
  return [accuracy, ...(await costOfVera(lesson)), seconds];
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
