// What the benchmark prints of generated texts.

import { count, size } from './progress.mjs';
import { tableLines } from './table.mjs';

/** @typedef {import('./generation.mjs').GenerationMeasurement} GenerationMeasurement */
/** @typedef {ReturnType<typeof generationRun>} GenerationRun */

/** @param {GenerationMeasurement} measurement */
export function generationRun({ first_call_seconds, first_token_seconds, model_bytes, ...rest }) {
  return {
    ...rest,
    ms_to_first_token: { first_call: first_call_seconds * 1000, median: first_token_seconds * 1000 },
    // Each token reads all weights once, but for what of an embedding no head shares.
    weight_bytes_per_second: model_bytes * rest.tokens_per_second,
  };
}

/**
 * @param {GenerationRun | undefined} run
 * @returns {string[]}
 */
export function generationLines(run) {
  if (run === undefined) return [];
  const { prompt_tokens, new_tokens, tokens_per_second, ms_to_first_token, weight_bytes_per_second } = run;
  return tableLines([
    [`${count(new_tokens)} tokens after ${count(prompt_tokens)}`, ''],
    ['tokens per second', tokens_per_second.toFixed(1)],
    ['ms to the first token', ms_to_first_token.median.toFixed(1)],
    ['  of the first text', ms_to_first_token.first_call.toFixed(1)],
    ['weights read per second', size(weight_bytes_per_second)],
  ]).map((line) => line.trimEnd());
}
