// Runs `npm run bench -- --only isa`: takes its options and returns its output.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';
import { inRepository, ROOT } from '../../scripts/shared/paths.mjs';
import { KERNEL_GEMM } from '../workload/kernel_work.mjs';
import { compileFor } from './compile_for.mjs';
import { isaParts } from './compiler_parts.mjs';
import { isaReport, isaTable } from './isa_report.mjs';
import { compileListings } from './vendors/compile_listings.mjs';
import { expectGpu } from './vendors/drivers.mjs';
import { chosenTable, gpuTable } from './vendors/gpu_report.mjs';
import { GPUS } from './vendors/gpus.mjs';

/** @typedef {import('./kernel_sources.mjs').NamedSource} NamedSource */
/** @typedef {import('./isa_options.mjs').IsaOptions} IsaOptions */

const PACKAGES = {
  jax: { name: 'jax-js', package: '@jax-js/jax' },
  tfjs: { name: 'TensorFlow.js', package: '@tensorflow/tfjs-backend-webgpu' },
};

/**
 * @param {IsaOptions} options
 * @returns {Promise<string>}
 */
export async function runIsa({ gpus, chosen, ...options }) {
  const [gpu = ''] = gpus;
  if (chosen) return runChosen(gpus, options);
  const isAmd = GPUS[gpu]?.vendor.driver === 'radeon' || GPUS[gpu] === undefined;
  return isAmd ? runAmd(gpu, options) : runVendor(gpu, options);
}

/**
 * @param {string} gpu
 * @param {Pick<IsaOptions, 'kernel' | 'compare' | 'json'>} options
 */
async function runAmd(gpu, { kernel, compare, json }) {
  // Throws at once if a program or a driver is missing.
  isaParts();
  const sources = await sourcesOf(kernel, compare);
  const { device, compiled } = compileFor(sources, gpu);
  const kernels = sources.flatMap(({ kernel, variant }, index) => {
    const one = compiled[index];
    return one === undefined ? [] : [{ kernel, variant, compiled: one }];
  });
  const report = isaReport({ gpu, device, kernels });
  if (json) return JSON.stringify(report, null, 2);
  const assembly =
    kernel === undefined ? [] : kernels.map((one) => `\n${one.kernel}/${one.variant}\n${one.compiled.assembly}`);
  return [isaTable(report), ...assembly].join('\n');
}

/**
 * @param {string} gpu
 * @param {Pick<IsaOptions, 'kernel' | 'compare' | 'json'>} options
 */
async function runVendor(gpu, { kernel, compare, json }) {
  expectGpu(gpu);
  const sources = (await sourcesOf(kernel, compare)).filter(({ variant }) => variant !== 'subgroup_matrix');
  const report = { gpu, kernels: compileListings(sources, gpu) };
  return json ? JSON.stringify(report, null, 2) : gpuTable(report);
}

/**
 * @param {readonly string[]} gpus
 * @param {Pick<IsaOptions, 'compare' | 'json'>} options
 */
async function runChosen(gpus, { compare, json }) {
  const infos = gpus.map((gpu) => expectGpu(gpu).info);
  const { chosenKernels } = /** @type {typeof import('./vendors/chosen_kernels.mjs')} */ (
    await load('vendors/chosen_kernels.mjs')
  );
  const peer = compare === undefined ? [] : peerSources(compare);
  const reports = gpus.map((gpu, index) => {
    const info = infos[index];
    const picks = info === undefined ? [] : chosenKernels(info).flatMap((one) => one.picks);
    return { gpu, kernels: compileListings([...picks, ...peer], gpu) };
  });
  return json ? JSON.stringify(reports, null, 2) : chosenTable(reports);
}

/**
 * @param {string | undefined} kernel
 * @param {IsaOptions['compare']} compare
 * @returns {Promise<NamedSource[]>}
 */
async function sourcesOf(kernel, compare) {
  const { isaSources } = /** @type {typeof import('./kernel_sources.mjs')} */ (await load('kernel_sources.mjs'));
  return [...isaSources(kernel), ...(compare === undefined ? [] : peerSources(compare))];
}

/**
 * @param {string} name path of a module, relative to this file, that imports TypeScript and WGSL
 * @returns {Promise<unknown>}
 */
async function load(name) {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const { module } = await runnerImport(file, { root: ROOT, configFile: false, logLevel: 'warn' });
  return module;
}

/**
 * Returns the shaders with which a peer's installed package computes a matrix product.
 * @param {keyof typeof PACKAGES} peer
 * @returns {NamedSource[]}
 */
function peerSources(peer) {
  const { rows, columns, inner } = KERNEL_GEMM;
  const { name, package: installed } = PACKAGES[peer];
  const program = inRepository('bench/peers/peer_shaders.mjs');
  const output = execFileSync(process.execPath, [program, peer, ...[rows, columns, inner].map(String)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 26,
  });
  /** @type {Pick<NamedSource, 'wgsl' | 'constants'>[]} */
  const shaders = JSON.parse(output);
  const { version } = JSON.parse(readFileSync(inRepository(`node_modules/${installed}/package.json`), 'utf8'));
  return shaders.map((shader, index) => ({
    kernel: `${name} ${version}`,
    variant: `${rows}×${columns}×${inner}${index === 0 ? '' : ` (${index + 1})`}`,
    ...shader,
  }));
}
