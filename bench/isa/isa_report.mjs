// Makes the report of `npm run bench -- --only isa` for AMD's GPUs.

import { count } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { innermostLoops, readLoops } from './loops.mjs';

/** @typedef {import('./compile_for.mjs').Compiled} Compiled */
/** @typedef {import('./loops.mjs').Loop} Loop */
/** @typedef {import('./assembly.mjs').Counts} Counts */
/** @typedef {ReturnType<typeof isaReport>} IsaReport */
/** @typedef {ReturnType<typeof kernelOf>} IsaKernel */
/** @typedef {ReturnType<typeof loopOf>} IsaLoop */

/**
 * @param {{ gpu: string, device: string, kernels: readonly { kernel: string, variant: string, compiled: Compiled }[] }} what
 */
export function isaReport({ gpu, device, kernels }) {
  return { gpu, device, kernels: kernels.map(kernelOf) };
}

/** @param {{ kernel: string, variant: string, compiled: Compiled }} one */
export function kernelOf({ kernel, variant, compiled: { subgroup, statistics, assembly } }) {
  const statistic = (/** @type {string} */ name) => statistics[name] ?? Number.NaN;
  const loops = innermostLoops(readLoops(assembly)).map(loopOf);
  return {
    kernel,
    variant,
    threads_per_wave: subgroup,
    vgprs: statistic('VGPRs'),
    sgprs: statistic('SGPRs'),
    spilled: statistic('Spilled VGPRs') + statistic('Spilled SGPRs'),
    lds_bytes: statistic('LDS size'),
    waves_per_simd: statistic('Subgroups per SIMD'),
    instructions: statistic('Instructions'),
    share: shareOf(loops),
    loops,
  };
}

/**
 * Returns the fraction of the peak rate that the instructions allow: the share of multiply-adds among the vector instructions. It is an
 * unweighted mean over the main loops, because the matrices' sizes determine how often each loop runs. If a loop encloses a main loop, and
 * the enclosing loop's share is known, this share is used. A main loop without such a share is left out if another one with as many
 * multiply-adds has one: the loop without it handles only the remainder of K, the dimension over which a matrix product sums.
 * @param {readonly Pick<IsaLoop, 'multiply_adds' | 'share' | 'around'>[]} loops
 */
export function shareOf(loops) {
  const main = mainLoops(loops);
  const counts = main.filter(
    ({ multiply_adds, around }) =>
      around?.share !== undefined ||
      !main.some((other) => other.around?.share !== undefined && other.multiply_adds === multiply_adds),
  );
  const shares = counts.map(({ share, around }) => around?.share ?? share);
  return shares.length === 0 ? undefined : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** @param {{ loop: Loop, around: Loop | undefined }} found */
function loopOf({ loop, around }) {
  return {
    blocks: [loop.from, loop.to],
    turns: loop.turns,
    ...countsOf(loop.own),
    around: around && {
      blocks: [around.from, around.to],
      ...(around.whole && countsOf(around.whole)),
    },
  };
}

/** @param {Counts} counts */
function countsOf({ multiply_adds, other_vector, ...others }) {
  const vector = multiply_adds + other_vector;
  return { multiply_adds, vector, share: vector === 0 ? 0 : multiply_adds / vector, ...others };
}

const HEAD = [
  ['VGPRs', 'SGPRs', 'spilled', 'LDS bytes', 'waves', 'instructions'],
  ['inner loop: FMA of vector', 'share', 'with what is around', 'scalar', 'LDS', 'memory'],
].flat();

/**
 * @param {IsaReport} report
 * @returns {string}
 */
export function isaTable({ gpu, device, kernels }) {
  const [threads] = kernels.map((one) => one.threads_per_wave);
  const lines = tableLines([['', ...HEAD], ...kernels.flatMap(rowsOf)]).map((line) => line.trimEnd());
  return [`${gpu} (${device}), waves of ${threads} threads, by its own compiler; nothing ran`, '', ...lines].join('\n');
}

/** @param {IsaKernel} one */
function rowsOf({ kernel, variant, loops, ...one }) {
  const { vgprs, sgprs, spilled, lds_bytes, waves_per_simd, instructions } = one;
  const name = variant === 'default' ? kernel : `${kernel}/${variant}`;
  const start = [name, ...[vgprs, sgprs, spilled, lds_bytes, waves_per_simd, instructions].map(count)];
  const shown = mainLoops(loops).map(loopCells);
  const [first = [], ...others] = shown;
  return [[...start, ...first], ...others.map((cells) => [...start.map(() => ''), ...cells])];
}

/**
 * Returns the loops with at least half as many multiply-adds as the loop with the most. Other loops handle edges or sums.
 * @template {Pick<IsaLoop, 'multiply_adds'>} T
 * @param {readonly T[]} loops
 */
export function mainLoops(loops) {
  const most = Math.max(...loops.map(({ multiply_adds }) => multiply_adds));
  return loops.filter(({ multiply_adds }) => multiply_adds > 0 && multiply_adds >= most / 2);
}

/** @param {IsaLoop} loop */
function loopCells({ multiply_adds, vector, share, scalar, lds, memory, around }) {
  const outside = around === undefined ? '' : around.share === undefined ? '?' : percent(around.share);
  return [`${multiply_adds} of ${vector}`, percent(share), outside, ...[scalar, lds, memory].map(String)];
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}
