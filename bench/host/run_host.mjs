// Implements `npm run bench -- --only host`: receives the command's options and returns the text to print.
import { readFile } from 'node:fs/promises';
import { runnerImport } from 'vite';
import { create } from 'webgpu';
import { inRepository, ROOT } from '../../scripts/shared/paths.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { BUNDLED_MODEL } from '../places.mjs';
import { readBundled } from '../workload/bundled.mjs';
import { ALL_CASES } from '../workload/cases.mjs';

/**
 * @param {import('./host_options.mjs').HostOptions} options
 * @returns {Promise<string>}
 */
export async function runHost({ name, length, ranks, json }) {
  const file = inRepository('bench/host/host_time.ts');
  const { module } = await runnerImport(file, { root: ROOT, configFile: false, logLevel: 'warn' });
  const { measureHost } = /** @type {typeof import('./host_time')} */ (module);
  const { files, batch, targets: target_modules } = ALL_CASES[name];
  const folder = await files(length, () => readBundled((file) => readFile(`${BUNDLED_MODEL}${file}`)));
  const gpu = create(['backend=null']);
  const runs = [];
  for (const r of ranks) {
    const options = { files: folder, r, target_modules, batch, tokens: length };
    runs.push({ case: name, r, tokens: batch * length, ...(await measureHost(gpu, options, cpuTime)) });
  }
  return json ? JSON.stringify(runs, null, 2) : tableLines([HEAD, ...runs.map(cells)]).join('\n');
}

const HEAD = ['case', 'r', 'tokens', 'dispatches', 'submits', 'ms, least', 'ms, median'];

/** @param {import('./host_time').HostTime & { case: string, r: number, tokens: number }} run */
function cells({ case: name, r, tokens, dispatches, submits, ms }) {
  const numbers = [r, tokens, dispatches, Math.round(submits)].map(String);
  return [name, ...numbers, ms.min.toFixed(2), ms.median.toFixed(2)];
}

/** Returns the CPU time that this process has used so far, in milliseconds. */
function cpuTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
