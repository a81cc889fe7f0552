// Reports the speed of text generation.

import { count } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { decodeLines, decodeRun } from './decode_report.mjs';

/** @typedef {import('../workload/generation.mjs').GenerationMeasurement} GenerationMeasurement */
/** @typedef {ReturnType<typeof generationRun>} GenerationRun */

/** @param {GenerationMeasurement} measurement */
export function generationRun({ first_call_seconds, first_token_seconds, decode, ...rest }) {
  return {
    ...rest,
    ms_to_first_token: { first_call: first_call_seconds * 1000, median: first_token_seconds * 1000 },
    decode: decodeRun(decode, 1 / rest.tokens_per_second),
  };
}

/**
 * @param {GenerationRun | undefined} run
 * @returns {string[]}
 */
export function generationLines(run) {
  if (run === undefined) return [];
  const { prompt_tokens, new_tokens, tokens_per_second, ms_to_first_token, decode } = run;
  const rates = tableLines([
    [`${count(new_tokens)} tokens after ${count(prompt_tokens)}`, ''],
    ['tokens per second', tokens_per_second.toFixed(1)],
    ['ms to the first token', ms_to_first_token.median.toFixed(1)],
    ['  of the first text', ms_to_first_token.first_call.toFixed(1)],
  ]).map((line) => line.trimEnd());
  return [...rates, '', ...decodeLines(decode)];
}
