// Trains LoRA with real PEFT, in Python, for a table that compares it with VeRA.
import { inRepository } from '../../shared/paths.mjs';
import { askPython } from '../ask_python.mjs';

/**
 * The input of `lora.py`. The class `Settings` in that file explains the fields.
 * @typedef {object} LoraSettings
 * @property {string} model
 * @property {string} train
 * @property {Readonly<Record<string, string>>} texts
 * @property {number} r
 * @property {number} learning_rate
 * @property {number} seeds
 * @property {number} max_steps
 * @property {number} rows
 * @property {number} length
 */

/**
 * @typedef {object} LoraRun
 * @property {Readonly<Record<string, number>>} perplexity of each text
 * @property {number} trainable trained values
 * @property {number} bytes of the adapter's file
 */

/**
 * @param {LoraSettings} settings
 * @param {(line: string) => void} report called before PEFT is installed, which may take minutes
 * @returns {Promise<{ before: Readonly<Record<string, number>>, runs: readonly LoraRun[] }>} `before`: the perplexity
 *   of each text before training
 */
export function trainLora(settings, report) {
  return askPython(inRepository('scripts/results/peft/lora.py'), settings, report);
}
