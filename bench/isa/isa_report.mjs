// Makes the report of `npm run bench -- --only isa` for AMD's GPUs.

import { count } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { turnsOf } from './loop_turns.mjs';
import { readAmd } from './vendors/amd.mjs';
import { blocksOf } from './vendors/flow.mjs';
import { allLoops, innermostLoops, wholeOf } from './vendors/steps.mjs';

/** @typedef {import('./compile_for.mjs').Compiled} Compiled */
/** @typedef {import('./vendors/listing.mjs').KindCounts} KindCounts */
/** @typedef {import('./vendors/steps.mjs').Loop} Loop */
/** @typedef {ReturnType<typeof isaReport>} IsaReport */
/** @typedef {ReturnType<typeof kernelOf>} IsaKernel */
/** @typedef {ReturnType<typeof readLoops>[number]} IsaLoop */

/**
 * @param {{ gpu: string, device: string, kernels: readonly { kernel: string, variant: string, compiled: Compiled }[] }} what
 */
export function isaReport({ gpu, device, kernels }) {
  return { gpu, device, kernels: kernels.map(kernelOf) };
}

/** @param {{ kernel: string, variant: string, compiled: Compiled }} one */
export function kernelOf({ kernel, variant, compiled: { subgroup, statistics, assembly } }) {
  const statistic = (/** @type {string} */ name) => statistics[name] ?? Number.NaN;
  const loops = readLoops(assembly);
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
 * Returns the fraction of the peak rate that the instructions allow: the share of multiply-adds among the vector instructions. The share is
 * an unweighted mean over the main loops, because the matrices' sizes determine how often each loop runs. For a main loop inside another
 * loop, the mean uses the enclosing loop's share if it is known. If two main loops have equally many multiply-adds, and only one has an
 * enclosing loop with a known share, the other loop is left out: it handles only the remainder of K, the dimension over which a matrix
 * product sums.
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

/**
 * Returns the innermost loops of a kernel's assembly, each with the loop that directly encloses it, if any.
 * @param {string} assembly
 */
export function readLoops(assembly) {
  const blocks = blocksOf(readAmd(assembly));
  const loops = allLoops(blocks);
  const turns = (/** @type {Loop} */ loop) => turnsOf(blocks, loop.blocks);
  const ends = (/** @type {Loop} */ { blocks: body }) =>
    [Math.min(...body), Math.max(...body)].map((index) => blocks[index]?.label ?? '');
  return innermostLoops(loops).map(({ loop, around }) => {
    const whole = around && wholeOf(around, loops, turns);
    return {
      blocks: ends(loop),
      turns: turns(loop),
      ...countsOf(loop.counts),
      around: around && { blocks: ends(around), ...(whole && countsOf(whole)) },
    };
  });
}

/** @param {KindCounts} counts */
function countsOf({ multiply_add: multiply_adds, other, workgroup: lds, ...others }) {
  const vector = multiply_adds + other;
  return { multiply_adds, vector, share: vector === 0 ? 0 : multiply_adds / vector, lds, ...others };
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
