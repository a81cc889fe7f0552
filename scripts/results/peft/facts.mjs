// Teaches facts with real PEFT, in Python, for models whose training steps take too long on a software GPU adapter.
import { inRepository } from '../../shared/paths.mjs';
import { askPython } from '../ask_python.mjs';

/**
 * The input of `facts.py`. The class `Settings` in that file explains the fields.
 * @typedef {object} FactSettings
 * @property {string} model
 * @property {number} r
 * @property {number} learning_rate
 * @property {readonly { readonly input_ids: readonly number[], readonly labels: readonly number[] }[]} examples
 * @property {number} rows
 * @property {number} epochs
 * @property {readonly (readonly number[])[]} prompts
 * @property {number} new_tokens
 * @property {readonly (readonly number[])[]} text
 */

/**
 * @param {FactSettings} settings
 * @param {(line: string) => void} report called before PEFT is installed, which may take minutes
 * @returns {Promise<{ steps: number, before: number, after: number, answers: readonly (readonly number[])[] }>} `before`, `after`: the
 *   perplexity of the other text before and after training; `answers`: the tokens after each prompt
 */
export function teachFacts(settings, report) {
  return askPython(inRepository('scripts/results/peft/facts.py'), settings, report);
}
