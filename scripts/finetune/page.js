// Trains an adapter in a worker, through the public API, and reports to the script that opened this page.

import { describeDevice, describeError, loadLibrary, report } from '../page/library.js';
import { estimateRun } from './estimate_run.mjs';
import { finetune } from './finetune.mjs';

/** @typedef {import('./finetune.mjs').Job} Job */
/** @typedef {{ exportAfter?: number, estimating?: { memory?: number }, kernels: 'default' | 'tuned' | import('../../src/index').KernelChoice }} Around */

/** @param {string} path */
async function blob(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.blob();
}

/** @param {Blob} file */
async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  for (let i = 0; i < bytes.length; i += 32_768) binary += String.fromCharCode(...bytes.subarray(i, i + 32_768));
  return btoa(binary);
}

/** @param {Iterable<[string, Blob]>} files */
async function encoded(files) {
  const entries = [...files].map(async ([name, file]) => [name, await base64(file)]);
  return Object.fromEntries(await Promise.all(entries));
}

const source = new URL('/model/', location.href);

/** @param {import('./finetune.mjs').Trained} trained */
async function reportTrained({ files, exported }) {
  await report({
    type: 'trained',
    files: await encoded(files),
    exported: exported === undefined ? null : await encoded(exported),
  });
}

/** @param {Job} job @param {Around} around */
async function train(job, { kernels, exportAfter }) {
  const [train, heldOut] = await Promise.all([blob('/train.txt'), blob('/held_out.txt')]);
  const device = describeDevice;
  const library = await loadLibrary();
  const exporting = exportAfter === undefined ? {} : { exportAfter };
  const run = { options: { kernels }, source, train, heldOut, job, device, report, ...exporting };
  await report({ type: 'done', result: await finetune(library, { ...run, onTrained: reportTrained }) });
}

try {
  const { kernels, exportAfter, estimating, ...job } = /** @type {Job & Around} */ (
    await (await fetch('/job.json')).json()
  );
  if (estimating === undefined) await train(job, { kernels, ...(exportAfter !== undefined && { exportAfter }) });
  else {
    const estimated = await estimateRun(await loadLibrary(), { options: {}, source, job, ...estimating });
    await report({ type: 'estimated', estimated });
    await report({ type: 'done' });
  }
} catch (error) {
  await report({ type: 'error', error: describeError(error) });
}
