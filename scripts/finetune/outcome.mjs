// Prints and writes the outcome of a fine-tuning run.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gpuName } from '../shared/gpu_name.mjs';
import { count, duration, size, wrap } from '../shared/progress.mjs';
import { lossChart } from './loss_chart.mjs';

/** @typedef {import('../../src/index').StepLogs} StepLogs */
/** @typedef {import('./finetune.mjs').Device} Device */
/** @typedef {{ trainable: number, all: number }} Parameters */
/**
 * @typedef {object} Result
 * @property {{ before: number, after: number }} perplexity
 * @property {{ prompt: string, before: string, after: string }} sample
 * @property {Readonly<Record<string, number>>} metrics
 * @property {import('../../src/index').MemoryReport} memory
 * @property {Readonly<Record<string, number>>} timings seconds
 * @property {import('../../src/index').KernelChoice} kernels
 * @property {Readonly<Record<string, Uint8Array>>} files
 */
/** @typedef {{ browser: string, device: Device, parameters: Parameters, heldOutTokens: number, steps: StepLogs[], result: Result, seconds: number }} Outcome */

/** @param {Outcome} outcome */
export function printOutcome({ result, heldOutTokens, seconds }) {
  const { perplexity, sample } = result;
  console.log(`
Perplexity on ${count(heldOutTokens)} held-out tokens: ${perplexity.before.toFixed(1)} → ${perplexity.after.toFixed(1)} (${change(perplexity)})

“${sample.prompt} …”
  before:
${wrap(sample.before, { indent: '    ' })}
  after:
${wrap(sample.after, { indent: '    ' })}

Took ${duration(seconds)}.`);
}

/** @param {{ out: string, settings: import('./settings.mjs').Settings }} options @param {Outcome} outcome */
export function writeResults({ out, settings }, outcome) {
  const { result, steps, parameters, device, browser, seconds, heldOutTokens } = outcome;
  const files = Object.entries(result.files).map(([name, bytes]) => ({ name, bytes }));
  const losses = steps.map(({ loss }) => loss);
  const run = {
    settings,
    device: { browser, ...device },
    kernels: result.kernels,
    adapter: {
      ...parameters,
      files: files.map(({ name, bytes }) => ({
        name,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })),
    },
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
  const chart = lossChart({
    title: `${settings.model} on ${settings.text}`,
    subtitle: `VeRA, r ${settings.r}, ${count(parameters.trainable)} trained values · ${steps.length} steps of ${settings.per_device_train_batch_size} × ${settings.max_length} tokens · ${deviceName(outcome)}`,
    note: `held-out perplexity ${result.perplexity.before.toFixed(1)} → ${result.perplexity.after.toFixed(1)} (${change(result.perplexity)})`,
    losses,
  });
  const results = [
    ...files,
    { name: 'loss.svg', bytes: Buffer.from(chart) },
    { name: 'run.json', bytes: Buffer.from(`${JSON.stringify(run, null, 2)}\n`) },
  ];
  console.log('Wrote');
  for (const { name, bytes } of results) {
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
