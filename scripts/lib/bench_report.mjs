// What the benchmark prints.

import { count, size } from './progress.mjs';
import { CASES } from './workload.mjs';

/** @typedef {import('./workload.mjs').CaseName} CaseName */
/** @typedef {import('./workload.mjs').Measurements} Measurements */
/** @typedef {ReturnType<typeof benchReport>} BenchReport */

/**
 * @param {{ name: CaseName, adapter: string, engine: string }} run
 * @param {Measurements} measurements
 */
export function benchReport({ name, adapter, engine }, { trainings, gemm, device }) {
  const { shape, length, batch } = CASES[name];
  const runs = trainings.map(({ r, trainable, metrics }) => {
    const metric = (/** @type {string} */ key) => metrics[key] ?? Number.NaN;
    const median = metric('step_seconds_median');
    const flops_per_second = metric('flops_per_step') / median;
    return {
      r,
      trainable,
      ms_per_step: { median: median * 1000, min: metric('step_seconds_min') * 1000 },
      first_step_seconds: metric('first_step_seconds'),
      tokens_per_second: (batch * length) / median,
      dispatches_per_step: metric('dispatches_per_step'),
      submits_per_step: metric('submits_per_step'),
      gpu_bytes: { now: metric('gpu_bytes_now'), peak: metric('peak_gpu_bytes') },
      flops_per_step: metric('flops_per_step'),
      flops_per_second,
      share_of_best_gemm: flops_per_second / gemm.best.flopsPerSecond,
    };
  });
  return {
    case: name,
    adapter,
    engine,
    device,
    shape: { ...shape, length, batch },
    runs,
    gemm: { best: gemm.best, rates: gemm.rates },
  };
}

/**
 * @param {BenchReport} report
 * @returns {string} a table with a column for each rank
 */
export function benchTable({ case: name, engine, device, shape, runs, gemm }) {
  const giga = (/** @type {number} */ value) => (value / 1e9).toFixed(2);
  /** @type {[string, (run: BenchReport['runs'][number]) => string][]} */
  const rows = [
    ['', ({ r }) => `r ${r}`],
    ['trained values', (run) => count(run.trainable)],
    ['ms per step, median', (run) => run.ms_per_step.median.toFixed(1)],
    ['ms per step, min', (run) => run.ms_per_step.min.toFixed(1)],
    ['first step, s', (run) => run.first_step_seconds.toFixed(2)],
    ['tokens/s', (run) => count(run.tokens_per_second)],
    ['dispatches per step', (run) => count(run.dispatches_per_step)],
    ['submits per step', (run) => run.submits_per_step.toFixed(1)],
    ['GPU memory now', (run) => size(run.gpu_bytes.now)],
    ['GPU memory, peak', (run) => size(run.gpu_bytes.peak)],
    ['GFLOP per step', (run) => giga(run.flops_per_step)],
    ['GFLOP/s', (run) => giga(run.flops_per_second)],
    ['of the best GEMM', (run) => `${Math.round(run.share_of_best_gemm * 100)} %`],
  ];
  const cells = rows.map(([label, cell]) => [label, ...runs.map(cell)]);
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   '),
  );
  const gpu = device.description || [device.vendor, device.architecture].filter(Boolean).join(' ');
  const { rows: m, columns: n, inner: k } = gemm.best.shape;
  return [
    `${name} on ${gpu || 'an unnamed adapter'}, ${engine}`,
    `${shape.num_hidden_layers} layers of ${shape.hidden_size}, vocabulary ${count(shape.vocab_size)}; ${shape.batch} × ${shape.length} tokens a step`,
    '',
    ...lines,
    '',
    `Best GEMM: ${giga(gemm.best.flopsPerSecond)} GFLOP/s (${gemm.best.variant}, ${m}×${n}×${k})`,
  ].join('\n');
}
