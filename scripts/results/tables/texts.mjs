// Compares several ways to learn from few examples to classify texts: definitions of nouns by topic, and subject lines as spam or ham.
import { inRepository } from '../../shared/paths.mjs';
import { dataOf } from '../data/fetch.mjs';
import { costColumns, LORA_RANK } from './adapted.mjs';
import { measureRow, RANK } from './class_methods.mjs';
import { TESTS, TextLesson } from './text_lesson.mjs';
import { instantHead, LENGTH, refinedProfile, vectorsByRegression, wordsByRegression } from './text_methods.mjs';

/** @typedef {import('./text_lesson.mjs').TextBase} TextBase */
/** @typedef {import('./text_methods.mjs').TextMethod} TextMethod */

/** @type {TextBase} */
const SENTENCES = {
  name: 'all-MiniLM-L6-v2',
  folder: () => dataOf('all-MiniLM-L6-v2', 'config.json'),
  target_modules: ['query', 'value'],
  layer: 5,
};
/** @type {TextBase} */
const PROSE = {
  name: 'prose-1.4M',
  folder: () => inRepository('demo/public/models/prose-1.4M'),
  target_modules: ['q_proj', 'v_proj'],
  layer: 3,
};

/** @type {Readonly<Record<string, TextMethod>>} */
const BY_SCIKIT = {
  'logistic regression of words': wordsByRegression,
  'logistic regression of vectors': vectorsByRegression,
};
/** @type {Readonly<Record<string, TextMethod>>} */
const SOLVED = { 'instant head': instantHead, 'refined VeRA': refinedProfile };

/** @type {readonly (readonly [TextBase, number, Readonly<Record<string, TextMethod>>])[]} base, examples per class, methods */
const ROWS = [
  [SENTENCES, 8, { ...BY_SCIKIT, ...SOLVED }],
  [SENTENCES, 32, { ...BY_SCIKIT, ...SOLVED }],
  [SENTENCES, 128, { ...BY_SCIKIT, ...SOLVED }],
  [PROSE, 32, SOLVED],
];

/** @type {import('../report.mjs').Table} */
export const texts = {
  keys: 3,
  columns: ['Data, model', 'Examples a class', 'Method', ...costColumns('Accuracy')],
  about: (seeds) => [
    `Accuracy in percent on ${TESTS} held-out texts: mean ± standard deviation of ${seeds} runs, which differ in their examples.`,
    'Chance is 50 (spam) and 10 (WordNet).',
    '',
    '- *Logistic regressions* are scikit-learn’s, with a penalty that is chosen by cross-validation. Words are weighted by tf-idf; vectors are',
    '  those of `AutoModel.embed`.',
    '- The *instant head* is that of `fit_head`, over the same kind of vectors, without training.',
    "- *Refined VeRA* is `profile.learn({ method: 'refine' })` with its defaults: the instant head, then VeRA of queries and values with",
    `  r ${RANK}, then the head again. Ten classes are contrasted, and two are predicted. A profile compares the vectors by the`,
    '  tenth of its examples that it holds out for good, if these are 20 or more. Otherwise it leaves a fifth out of the training, or a third if',
    '  a fifth would be fewer than ten.',
    '',
    `Classifiers read ${LENGTH} tokens of a text. Seconds include the vectors of the examples. LoRA’s values are those of rank ${LORA_RANK} on the same layers.`,
  ],
  async make(run) {
    for (const data of ['spam', 'wordnet']) {
      const lessons = new Map([SENTENCES, PROSE].map((base) => [base, new TextLesson(run, data, base)]));
      for (const [base, shots, methods] of ROWS) {
        const lesson = lessons.get(base);
        if (lesson !== undefined) await measure(lesson, shots, methods);
      }
      for (const lesson of lessons.values()) await lesson.dispose();
    }
  },
};

/**
 * @param {TextLesson} lesson
 * @param {number} shots
 * @param {Readonly<Record<string, TextMethod>>} methods
 */
async function measure(lesson, shots, methods) {
  for (const [name, method] of Object.entries(methods)) {
    const key = [method === wordsByRegression ? `${lesson.data}, no model` : lesson.name, String(shots), name];
    await measureRow(lesson.run, key, () => method(lesson, shots));
  }
}
