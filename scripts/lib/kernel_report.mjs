// What the benchmark prints of the kernels in a training step.

import { count } from './progress.mjs';
import { tableLines } from './table.mjs';

/** @typedef {import('../../src/bench').KernelReport} KernelReport */
/** @typedef {import('../../src/bench').KernelShare} KernelShare */
/** @typedef {import('../../src/bench').GemmRate} GemmRate */
/** @typedef {ReturnType<typeof kernelRun>} KernelRun */

/**
 * @param {KernelReport} report
 * @param {GemmRate | undefined} best what rates are compared with
 */
export function kernelRun({ r, step, kernels, outside }, best) {
  return {
    r,
    ms_per_step: step.seconds * 1000,
    dispatches: step.dispatches,
    flops: step.flops,
    kernels: kernels.map(({ kernel, variant, sizes, mixed, dispatches, seconds, share, flops, flopsPerSecond }) => ({
      kernel,
      variant,
      sizes,
      mixed,
      dispatches,
      ms: seconds * 1000,
      share,
      flops,
      flops_per_second: flopsPerSecond,
      share_of_best_gemm: best && flopsPerSecond / best.flopsPerSecond,
    })),
    not_in_kernels: { ms: outside.seconds * 1000, share: outside.share },
  };
}

/**
 * @param {KernelRun} run
 * @returns {string[]} lines, the kernel with the largest share first
 */
export function kernelLines({ r, ms_per_step, dispatches, kernels, not_in_kernels }) {
  const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(1)} %`;
  const rows = kernels.map(({ flops, flops_per_second, share_of_best_gemm, ...one }) => [
    labelOf(one),
    count(one.dispatches),
    percent(one.share),
    one.ms.toFixed(2),
    flops > 0 ? (flops_per_second / 1e9).toFixed(2) : '',
    flops > 0 && share_of_best_gemm !== undefined ? percent(share_of_best_gemm) : '',
  ]);
  return tableLines([
    [`Kernels at r ${r}, each alone`, 'times', 'share', 'ms', 'GFLOP/s', 'of the GEMM'],
    ...rows,
    ['not in kernels', '', percent(not_in_kernels.share), not_in_kernels.ms.toFixed(2), '', ''],
    ['the step itself', count(dispatches), '', ms_per_step.toFixed(2), '', ''],
  ]).map((line) => line.trimEnd());
}

/** @param {Pick<KernelRun['kernels'][number], 'kernel' | 'variant' | 'sizes' | 'mixed'>} one */
export function labelOf({ kernel, variant, sizes, mixed }) {
  const name = variant === 'default' ? kernel : `${kernel}/${variant}`;
  return `${name} ${mixed ? '≤ ' : ''}${sizes.join('×')}`;
}
