// Reports the kernels of a training step.

import { count, giga, size } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { ISA_SHARES } from '../isa/instruction_shares.mjs';
import { rooflineOf } from './roofline.mjs';

/** @typedef {import('../index').KernelReport} KernelReport */
/** @typedef {import('../index').KernelShare} KernelShare */
/** @typedef {import('../index').PeakReport} PeakReport */
/** @typedef {ReturnType<typeof kernelRun>} KernelRun */

/**
 * @param {KernelReport} report
 * @param {object} scale values from which rates and shares are computed
 * @param {number} scale.tokens number of tokens in a step
 * @param {PeakReport | undefined} scale.peak
 * @param {boolean} scale.isHardware whether the device is a hardware GPU. The limits in `ISA_SHARES` apply only to hardware
 */
export function kernelRun({ r, step, product, memory, kernels, outside }, { tokens, peak, isHardware }) {
  const rates = (/** @type {number} */ flops, /** @type {number} */ flops_per_second) => ({
    flops,
    flops_per_second,
    share_of_best_gemm: product && flops_per_second / product.flopsPerSecond,
    share_of_peak: peak && flops_per_second / peak.flopsPerSecond,
  });
  /** @param {KernelShare} one */
  const boundOf = ({ kernel, variant, flopsPerSecond }) => {
    const share = isHardware ? ISA_SHARES[kernel]?.[variant] : undefined;
    return share && peak && flopsPerSecond / (peak.flopsPerSecond * share);
  };
  const kernelOf = (/** @type {KernelShare} */ one) => ({
    kernel: one.kernel,
    variant: one.variant,
    sizes: one.sizes,
    mixed: one.mixed,
    dispatches: one.dispatches,
    ms: one.seconds * 1000,
    share: one.share,
    ...rates(one.flops, one.flopsPerSecond),
    share_of_instructions: boundOf(one),
    bytes: one.bytes,
  });
  return {
    r,
    ms_per_step: step.seconds * 1000,
    tokens_per_second: tokens / step.seconds,
    dispatches: step.dispatches,
    ...rates(step.flops, step.flops / step.seconds),
    unmerged: rates(step.unmerged_flops, step.unmerged_flops / step.seconds),
    gemm: product && kernelOf(product),
    bytes: step.bytes,
    weight_bytes: memory.weightBytes,
    gpu_bytes: { peak: memory.peakBytes },
    roofline: peak && rooflineOf(step, peak),
    kernels: kernels.map(kernelOf),
    not_in_kernels: { ms: outside.seconds * 1000, share: outside.share },
  };
}

/**
 * @param {KernelRun} run
 * @returns {string[]} lines, the kernel with the largest share first
 */
export function kernelLines({ kernels, not_in_kernels, ...step }) {
  const rows = kernels.map((one) => [
    labelOf(one),
    count(one.dispatches),
    percent(one.share),
    one.ms.toFixed(2),
    ...rateCells(one),
    percent(one.share_of_instructions),
  ]);
  const hasInstructions = kernels.some((one) => one.share_of_instructions !== undefined);
  const last = hasInstructions ? ['of its bound'] : [];
  const table = tableLines([
    [`Kernels at r ${step.r}, each alone`, 'times', 'share', 'ms', 'GFLOP/s', 'of the GEMM', 'of the peak', ...last],
    ...rows,
    ['not in kernels', '', percent(not_in_kernels.share), not_in_kernels.ms.toFixed(2), '', '', ''],
    ['the step itself', count(step.dispatches), '', step.ms_per_step.toFixed(2), ...rateCells(step)],
    ['counted unmerged', '', '', '', ...rateCells(step.unmerged)],
    ...gemmRows(step.gemm),
  ]).map((line) => line.trimEnd());
  return [...table, ...(hasInstructions ? [BOUND] : []), ...rooflineLines(step)];
}

const BOUND = "Its bound: the peak times the multiply-adds among its instructions, as AMD's compiler makes them";

/**
 * @param {KernelRun['gemm']} gemm
 * @returns {string[][]}
 */
function gemmRows(gemm) {
  if (gemm === undefined) return [];
  return [
    [`beside: ${labelOf(gemm)}`, '', '', gemm.ms.toFixed(2), ...rateCells(gemm), percent(gemm.share_of_instructions)],
  ];
}

/**
 * Returns the line with the device's peak rates.
 * @param {{ flops_per_second: number, bytes_per_second: number } | undefined} peak
 * @returns {string[]}
 */
export function peakLines(peak) {
  if (peak === undefined) return [];
  const { flops_per_second, bytes_per_second } = peak;
  return [
    `The peak: ${giga(flops_per_second)} GFLOP/s of multiply-adds in registers; ${giga(bytes_per_second)} GB/s in a copy`,
  ];
}

/**
 * @param {Pick<KernelRun, 'flops' | 'bytes' | 'roofline'>} step
 * @returns {string[]}
 */
function rooflineLines({ flops, bytes, roofline }) {
  if (roofline === undefined) return [];
  const { arithmetic_ms, bytes_ms } = roofline;
  const arithmetic = `its ${giga(flops)} GFLOP take ${arithmetic_ms.toFixed(2)} ms`;
  return [`At the peak ${arithmetic}, and its ${size(bytes)} ${bytes_ms.toFixed(2)} ms`];
}

/**
 * Returns the cells of a kernel's rates, which are empty for a kernel without arithmetic.
 * @param {Pick<KernelRun, 'flops' | 'flops_per_second' | 'share_of_best_gemm' | 'share_of_peak'>} one
 */
function rateCells({ flops, flops_per_second, share_of_best_gemm, share_of_peak }) {
  if (flops === 0) return ['', '', ''];
  return [giga(flops_per_second), percent(share_of_best_gemm), percent(share_of_peak)];
}

/** @param {number | undefined} share */
function percent(share) {
  return share === undefined ? '' : `${(share * 100).toFixed(1)} %`;
}

/** @param {Pick<KernelRun['kernels'][number], 'kernel' | 'variant' | 'sizes' | 'mixed'>} one */
export function labelOf({ kernel, variant, sizes, mixed }) {
  const name = variant === 'default' ? kernel : `${kernel}/${variant}`;
  return `${name} ${mixed ? '≤ ' : ''}${sizes.join('×')}`;
}
