// Measures the kernels of a training step and, for comparison, a matrix product and the device's peak. Runs in Node, in a page and in a
// worker.

/**
 * @typedef {object} KernelMeasurements
 * @property {readonly import('../index').KernelReport[]} kernels one report for each rank
 * @property {import('../index').GemmReport | undefined} kernelGemm rates of all variants of the matrix product. Each report
 * in `kernels` has another measurement of the best variant, taken alternately with the kernels
 * @property {import('../index').PeakReport | undefined} peak the fastest rates of the device
 */

/** A matrix product in the sizes of a small transformer. */
export const KERNEL_GEMM = { rows: 1024, columns: 768, inner: 768 };

/** @type {KernelMeasurements} */
export const NO_KERNELS = { kernels: [], kernelGemm: undefined, peak: undefined };

/**
 * @param {typeof import('../index')} bench
 * @param {object} job
 * @param {import('./cases.mjs').Case} job.measured
 * @param {ReadonlyMap<string, Blob>} job.files of the model
 * @param {readonly number[]} job.ranks
 * @param {GPU | undefined} job.gpu
 * @param {'f32' | 'f16'} [job.arithmetic] data type of multiplications in matrix products. Default: f32
 * @param {number} [job.sampleSeconds] shortest duration of a sample of a kernel
 * @param {((done: number, total: number, what: string) => void) | undefined} [job.onStep]
 * @param {AbortSignal} [job.signal]
 * @returns {Promise<Required<KernelMeasurements> & { peak: import('../index').PeakReport }>}
 */
export async function measureKernelWork(
  bench,
  { measured, files, ranks, gpu, arithmetic, sampleSeconds, onStep, signal },
) {
  const { batch, length, rounds, targets: target_modules } = measured;
  const common = (/** @type {string} */ what) => ({
    signal,
    onProgress: (/** @type {number} */ done, /** @type {number} */ total) => onStep?.(done, total, what),
  });
  // The measurements run one after the other, so that none slows down another.
  const kernelGemm = await bench.measureGemm(gpu, { shapes: [KERNEL_GEMM], arithmetic, ...common('the best GEMM') });
  const kernels = [];
  for (const r of ranks) {
    const options = {
      files,
      r,
      target_modules,
      arithmetic,
      batch,
      tokens: length,
      rounds,
      sampleSeconds,
      product: kernelGemm.best,
      ...common(`r ${r}, kernels`),
    };
    kernels.push(await bench.measureKernels(gpu, options));
  }
  const peak = await bench.measurePeak(gpu, common("the device's peak"));
  return { kernels, kernelGemm, peak };
}
