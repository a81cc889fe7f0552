// Prints and writes the outcome of a fine-tuning run.
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gpuName } from '../shared/gpu_name.mjs';
import { printable, printableLines } from '../shared/printable.mjs';
import { count, duration, size, wrap } from '../shared/progress.mjs';
import { lossChart } from './loss_chart.mjs';

/** The files with the results of a run, beside its adapter. */
const [CHART, RUN] = ['loss.svg', 'run.json'];

/** @typedef {import('../../src/index').StepLogs} StepLogs */
/** @typedef {import('./finetune.mjs').Device} Device */
/** @typedef {{ trainable: number, all: number }} Parameters */
/** @typedef {Awaited<ReturnType<typeof import('./finetune.mjs').finetune>>} Result */
/** @typedef {{ name: string, bytes: number, sha256: string }} AdapterFile */
/** @typedef {{ browser: string, device: Device, parameters: Parameters, heldOutTokens: number, steps: StepLogs[], result: Result, files: readonly AdapterFile[], seconds: number }} Outcome */

/** @param {Outcome} outcome */
export function printOutcome({ result, heldOutTokens, seconds }) {
  const { perplexity, sample } = result;
  console.log(`
Perplexity on ${count(heldOutTokens)} held-out tokens: ${perplexity.before.toFixed(1)} → ${perplexity.after.toFixed(1)} (${change(perplexity)})

“${printable(sample.prompt)} …”
  before:
${shown(sample.before)}
  after:
${shown(sample.after)}

Took ${duration(seconds)}.`);
}

/** Wraps a text that the model wrote into indented lines. @param {string} text */
function shown(text) {
  return printableLines(wrap(text, { indent: '    ' }));
}

/** @param {{ out: string, settings: import('./settings.mjs').Settings }} options @param {Outcome} outcome */
export function writeResults({ out, settings }, outcome) {
  const { result, files, steps, parameters, device, browser, seconds, heldOutTokens } = outcome;
  const losses = steps.map(({ loss }) => loss);
  const run = {
    settings,
    device: { browser, ...device },
    kernels: result.kernels,
    adapter: { ...parameters, files },
    perplexity: result.perplexity,
    held_out_tokens: heldOutTokens,
    sample: result.sample,
    losses,
    steps,
    metrics: result.metrics,
    memory: result.memory,
    timings: result.timings,
    seconds,
  };
  const rows = settings.per_device_train_batch_size * settings.gradient_accumulation_steps;
  const chart = lossChart({
    title: `${settings.model} on ${settings.text}`,
    subtitle: `VeRA, r ${settings.r}, ${count(parameters.trainable)} trained values · ${steps.length} steps of ${rows} × ${settings.max_length} tokens · ${deviceName(outcome)}`,
    note: `held-out perplexity ${result.perplexity.before.toFixed(1)} → ${result.perplexity.after.toFixed(1)} (${change(result.perplexity)})`,
    losses,
  });
  writeFiles(out, [
    { name: CHART, bytes: Buffer.from(chart) },
    { name: RUN, bytes: Buffer.from(`${JSON.stringify(run, null, 2)}\n`) },
  ]);
}

/**
 * Writes an adapter's files, and returns the files' names, sizes and hashes for run.json.
 * @param {string} out
 * @param {ReadonlyMap<string, Blob>} files
 * @returns {Promise<AdapterFile[]>}
 */
export async function writeAdapter(out, files) {
  const read = [...files].map(async ([name, file]) => ({ name, bytes: Buffer.from(await file.arrayBuffer()) }));
  const all = await Promise.all(read);
  // The results of an earlier run would contradict the adapter if an interrupt ends the measurements.
  for (const name of [CHART, RUN]) rmSync(join(out, name), { force: true });
  writeFiles(out, all);
  const digest = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');
  return all.map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: digest(bytes) }));
}

/** @param {string} out @param {readonly { name: string, bytes: Buffer }[]} files */
function writeFiles(out, files) {
  console.log('Wrote');
  for (const { name, bytes } of files) {
    writeFileSync(join(out, name), bytes);
    console.log(`  ${join(relative(process.cwd(), out) || '.', name)}  ${size(bytes.length)}`);
  }
}

/** @param {{ before: number, after: number }} perplexity */
function change({ before, after }) {
  const percent = (after / before - 1) * 100;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

/** @param {{ browser: string, device: Device }} outcome */
export function deviceName({ browser, device }) {
  return `${gpuName(device) || (device.fallback ? 'a software adapter' : 'the GPU')} in ${browser}`;
}
