// What the benchmark prints.

import { adapterLines, adapterRun } from './adapter_report.mjs';
import { ALL_CASES } from './cases.mjs';
import { generationLines, generationRun } from './generation_report.mjs';
import { kernelLines, kernelRun } from './kernel_report.mjs';
import { count, size } from './progress.mjs';
import { tableLines } from './table.mjs';

/** @typedef {import('./cases.mjs').CaseName} CaseName */
/** @typedef {import('./workload.mjs').Measurements} Measurements */
/** @typedef {ReturnType<typeof benchReport>} BenchReport */

/**
 * @param {{ name: CaseName, length: number, adapter: string, engine: string }} run
 * @param {Measurements} measurements
 */
export function benchReport(
  { name, length, adapter, engine },
  { trainings, gemm, generation, adapters, kernels, kernelGemm, device },
) {
  const { label, shape, batch } = ALL_CASES[name];
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
      share_of_best_gemm: gemm && flops_per_second / gemm.best.flopsPerSecond,
    };
  });
  return {
    case: name,
    label,
    adapter,
    engine,
    device,
    shape: { ...shape, length, batch },
    runs,
    ...(gemm && { gemm: { best: gemm.best, rates: gemm.rates } }),
    ...(generation && { generation: generationRun(generation) }),
    adapters: adapters.map(adapterRun),
    ...(kernelGemm && {
      kernels: kernels.map((report) => kernelRun(report, kernelGemm.best)),
      kernel_gemm: { best: kernelGemm.best, rates: kernelGemm.rates },
    }),
  };
}

/**
 * @param {BenchReport} report
 * @returns {string} tables with a column for each rank
 */
export function benchTable({
  case: name,
  label,
  engine,
  device,
  shape,
  runs,
  gemm,
  generation,
  adapters,
  kernels = [],
  kernel_gemm,
}) {
  const gpu = device.description || [device.vendor, device.architecture].filter(Boolean).join(' ');
  const head = [
    `${name} on ${gpu || 'an unnamed adapter'}, ${engine}`,
    `${capital(label)}: ${shape.num_hidden_layers} layers of ${shape.hidden_size}, vocabulary ${count(shape.vocab_size)}; ${shape.batch} × ${shape.length} tokens a step`,
  ];
  const parts = [
    head,
    trainingLines(runs),
    gemmLines(gemm),
    generationLines(generation),
    adapterLines(adapters),
    ...kernels.map(kernelLines),
    gemmLines(kernel_gemm, 'The GEMM to compare kernels with'),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/**
 * @param {BenchReport['runs']} runs
 * @returns {string[]}
 */
function trainingLines(runs) {
  if (runs.length === 0) return [];
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
    ['of the best GEMM', (run) => `${Math.round((run.share_of_best_gemm ?? Number.NaN) * 100)} %`],
  ];
  return tableLines(rows.map(([label, cell]) => [label, ...runs.map(cell)]));
}

/**
 * @param {BenchReport['gemm']} gemm
 * @param {string} [title]
 * @returns {string[]}
 */
function gemmLines(gemm, title = 'Best GEMM') {
  if (gemm === undefined) return [];
  const { flopsPerSecond, variant, shape } = gemm.best;
  return [`${title}: ${giga(flopsPerSecond)} GFLOP/s (${variant}, ${shape.rows}×${shape.columns}×${shape.inner})`];
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {number} value */
function giga(value) {
  return (value / 1e9).toFixed(2);
}
