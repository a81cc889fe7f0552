// Compares this library's training step with that of another library or another build, on Dawn in this process.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openAdapter } from '../../scripts/browsers/dawn.mjs';
import { disableShaderCaches } from '../engines/shader_caches.mjs';
import { stepOfBuild } from '../peers/build_step.mjs';
import { loadLibrary, loadPeer } from '../places.mjs';
import { compare, compareKinds } from './compare.mjs';

/** @typedef {import('./compare.mjs').Comparison | import('./compare.mjs').KindsComparison} AnyComparison */
/** @typedef {import('../peers/problem.mjs').CreateStep} CreateStep */
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
 * Runs a comparison on Dawn in this process. Replaces the global `navigator` by one whose `gpu` is Dawn's.
 * @param {Job} job
 * @param {OnRound} [onRound]
 * @returns {Promise<{ engine: string, comparison: AnyComparison }>}
 */
export async function compareInNode({ rival, adapter, ...job }, onRound) {
  // The first step must compile its kernels.
  disableShaderCaches();
  const library = await loadLibrary();
  const { gpu, device } = await openAdapter(library, adapter === 'gpu' ? 'gpu' : 'llvmpipe', { globals: true });
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node' }, configurable: true });

  /** @type {() => Promise<CreateStep>} */
  const loadStep = async () => {
    if (typeof rival !== 'string') return stepOfBuild(pathToFileURL(join(rival.build, 'node.js')).href);
    if (rival === 'kinds') return (await loadPeer('jax_step.mjs')).createLoraStep;
    return (await loadPeer(`${rival}_step.mjs`)).createStep;
  };
  const createStep = await loadStep();
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const run = rival === 'kinds' ? compareKinds : compare;
  const comparison = await run(library, gpu, createStep, { ...job, cpuSeconds, ...(onRound && { onRound }) });
  return { engine: `Dawn in Node ${process.versions.node} on ${device}`, comparison };
}
