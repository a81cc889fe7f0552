// Trains LoRA by real PEFT, in Python, for the rows that a table compares VeRA with.
import { spawn } from 'node:child_process';
import { inRepository } from '../../shared/paths.mjs';
import { findOracle, oracleEnvironment } from '../../test/python.mjs';

/**
 * The input of `lora.py`. Its class `Settings` has the meanings.
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
 * @param {(line: string) => void} report called before an installation of PEFT, which may take minutes
 * @returns {Promise<{ before: Readonly<Record<string, number>>, runs: readonly LoraRun[] }>} perplexities of each text before training, and runs
 */
export async function trainLora(settings, report) {
  const python = await findOracle(report);
  const child = spawn(python, [inRepository('scripts/results/peft/lora.py')], {
    env: oracleEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [output, errors] = [textOf(child.stdout), textOf(child.stderr)];
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.on('error', () => {}); // a script that ends early gives its reason on stderr
  child.stdin.end(JSON.stringify(settings));
  const code = await ended;
  if (code !== 0) throw new Error(`lora.py failed (exit code ${code}):\n${(await errors).trim().slice(-2000)}`);
  return JSON.parse(await output);
}

/** @param {NodeJS.ReadableStream} stream */
async function textOf(stream) {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  return text;
}
