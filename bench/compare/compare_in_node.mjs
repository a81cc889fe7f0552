// Our training step against a peer's, or that of another build of ours, with Dawn in this process.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openAdapter } from '../../scripts/browsers/dawn.mjs';
import { loadLibrary, loadPeer } from '../engines/places.mjs';
import { stepOfBuild } from '../peers/build_step.mjs';
import { compare } from './compare.mjs';

/** @typedef {import('./compare.mjs').Comparison} Comparison */
/** @typedef {import('./compare.mjs').CreateStep} CreateStep */
/** @typedef {import('./compare_report.mjs').Rival} Rival */
/**
 * @typedef {object} Job
 * @property {Rival} rival
 * @property {import('../peers/problem.mjs').CaseName} name
 * @property {number} r
 * @property {number} rounds
 * @property {import('../options/bench_options.mjs').BenchAdapter} adapter
 */
/** @typedef {(done: number, total: number) => void} OnRound */

/**
 * This process has a `navigator.gpu` from now on.
 * @param {Job} job
 * @param {OnRound} [onRound]
 * @returns {Promise<{ engine: string, comparison: Comparison }>}
 */
export async function compareInNode({ rival, adapter, ...job }, onRound) {
  // A first step is one that nobody has compiled before: Mesa's cache, and NVIDIA's.
  process.env.MESA_SHADER_CACHE_DISABLE = 'true';
  process.env.__GL_SHADER_DISK_CACHE = '0';
  const library = await loadLibrary();
  const { gpu, device } = await openAdapter(library, adapter === 'gpu' ? 'gpu' : 'llvmpipe', { globals: true });
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node' }, configurable: true });

  /** @type {CreateStep} */
  const createStep =
    typeof rival === 'string'
      ? (await loadPeer(`${rival}_step.mjs`)).createStep
      : await stepOfBuild(pathToFileURL(join(rival.build, 'node.js')).href);
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const comparison = await compare(library, gpu, createStep, { ...job, cpuSeconds, ...(onRound && { onRound }) });
  return { engine: `Dawn in Node ${process.versions.node} on ${device}`, comparison };
}
