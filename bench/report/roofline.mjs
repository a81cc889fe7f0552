// Computes the shortest possible time of a training step on a device whose peak rates are known.

import { count, giga, size } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';

/** @typedef {Pick<import('../index').PeakReport, 'flopsPerSecond' | 'bytesPerSecond'>} Rates */
/** @typedef {ReturnType<typeof countRun>} CountRun */

/**
 * Returns the milliseconds that the arithmetic alone and the memory traffic alone take at the device's peak rates.
 * @param {{ flops: number, bytes: number }} step
 * @param {Rates} peak
 */
export function rooflineOf({ flops, bytes }, { flopsPerSecond, bytesPerSecond }) {
  return { arithmetic_ms: (1000 * flops) / flopsPerSecond, bytes_ms: (1000 * bytes) / bytesPerSecond };
}

/**
 * @param {import('../index').StepCounts} counts
 * @param {{ tokens: number, peak: Rates }} scale `tokens`: number of tokens in a step. `peak`: the device's peak rates
 */
export function countRun({ r, dispatches, flops, bytes, memory }, { tokens, peak }) {
  const roofline = rooflineOf({ flops, bytes }, peak);
  const ms = Math.max(roofline.arithmetic_ms, roofline.bytes_ms);
  return {
    r,
    dispatches,
    flops,
    bytes,
    weight_bytes: memory.weightBytes,
    gpu_bytes: { peak: memory.peakBytes },
    roofline: { ...roofline, tokens_per_second: (1000 * tokens) / ms },
  };
}

/**
 * @param {readonly CountRun[]} runs
 * @param {{ flops_per_second: number, bytes_per_second: number } | undefined} peak
 * @returns {string[]} lines with a column for each rank
 */
export function countLines(runs, peak) {
  if (runs.length === 0 || peak === undefined) return [];
  const rates = [peak.flops_per_second, peak.bytes_per_second].map((rate) => count(rate / 1e9));
  /** @type {[string, (run: CountRun) => string][]} */
  const rows = [
    [`A step at ${rates[0]} GFLOP/s and ${rates[1]} GB/s`, ({ r }) => `r ${r}`],
    ['dispatches', (run) => count(run.dispatches)],
    ['GFLOP', (run) => giga(run.flops)],
    ['read and written', (run) => size(run.bytes)],
    ['weights', (run) => size(run.weight_bytes)],
    ['GPU memory', (run) => size(run.gpu_bytes.peak)],
    ['ms of arithmetic', (run) => run.roofline.arithmetic_ms.toFixed(1)],
    ['ms of reading and writing', (run) => run.roofline.bytes_ms.toFixed(1)],
    ['tokens/s at most', (run) => count(run.roofline.tokens_per_second)],
  ];
  return tableLines(rows.map(([label, cell]) => [label, ...runs.map(cell)]));
}
