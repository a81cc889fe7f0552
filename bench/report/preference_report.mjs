// Reports the training steps that learn from preferences, beside the step of `Trainer` over as many texts.

import { count, giga, size } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';

/** @typedef {import('../index').PreferenceReport} PreferenceReport */
/** @typedef {ReturnType<typeof preferenceRun>} PreferenceRun */

const NAMES = {
  texts: 'texts, by Trainer',
  pairs: 'pairs, by DPOTrainer',
  ratings: 'ratings, by KTOTrainer',
  reference: 'once for each pair: the reference',
};

/** @param {PreferenceReport} report */
export function preferenceRun({ r, pairs, tokens, steps }) {
  return { r, pairs, tokens, steps: steps.map(({ seconds, ...step }) => ({ ms: seconds * 1000, ...step })) };
}

/**
 * @param {PreferenceRun} run
 * @returns {string[]}
 */
export function preferenceLines({ r, pairs, tokens, steps }) {
  const times = (/** @type {number} */ ratio) => `${ratio.toFixed(2)} ×`;
  const texts = `${2 * pairs} texts of ${count(tokens)} tokens at r ${r}`;
  return tableLines([
    [texts, 'ms', 'GFLOP', 'bytes', 'dispatches', 'time', 'GFLOP', 'bytes to texts'],
    ...steps.map(({ name, ms, flops, bytes, dispatches, to_texts }) => [
      NAMES[name],
      ms.toFixed(1),
      giga(flops),
      size(bytes),
      count(dispatches),
      times(to_texts.seconds),
      times(to_texts.flops),
      times(to_texts.bytes),
    ]),
  ]).map((line) => line.trimEnd());
}
