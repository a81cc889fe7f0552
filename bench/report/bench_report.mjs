// Makes the benchmark's JSON document, and the tables that it prints.

import { gpuName } from '../../scripts/shared/gpu_name.mjs';
import { count, giga, size } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { ALL_CASES } from '../workload/cases.mjs';
import { NO_KERNELS } from '../workload/kernel_work.mjs';
import { adapterLines, adapterRun } from './adapter_report.mjs';
import { generationLines, generationRun } from './generation_report.mjs';
import { kernelLines, kernelRun, peakLines } from './kernel_report.mjs';
import { modeLines, modeRun } from './mode_report.mjs';
import { preferenceLines, preferenceRun } from './preference_report.mjs';
import { countLines, countRun } from './roofline.mjs';

/** @typedef {import('../workload/cases.mjs').CaseName} CaseName */
/** @typedef {import('../workload/workload.mjs').Measurements} Measurements */
/** @typedef {ReturnType<typeof benchReport>} BenchReport */

/**
 * The measurements of a benchmark that has measured nothing yet.
 * @type {Omit<Measurements, 'version' | 'device'>}
 */
export const NOTHING_MEASURED = {
  trainings: [],
  tuned: undefined,
  gemm: undefined,
  generation: undefined,
  adapters: [],
  modes: [],
  preferences: [],
  counts: [],
  ...NO_KERNELS,
};

/**
 * @param {object} run
 * @param {CaseName} run.name
 * @param {number} run.length
 * @param {string} run.adapter
 * @param {string} run.engine
 * @param {'f32' | 'f16'} [run.arithmetic] data type of multiplications in matrix products
 * @param {import('../../src/index').ModelDtype} [run.dtype] data type of the model's weights in training
 * @param {import('./roofline.mjs').Rates | undefined} [run.peak] peak rates that replace those of the measured device
 * @param {Measurements} measurements
 */
export function benchReport(
  { name, length, adapter, engine, arithmetic = 'f32', dtype = 'auto', peak: given },
  {
    version,
    trainings,
    tuned,
    gemm,
    generation,
    adapters,
    modes,
    preferences,
    counts,
    kernels,
    kernelGemm,
    peak: measured,
    device,
  },
) {
  const { label, shape, batch } = ALL_CASES[name];
  const tokens = batch * length;
  const peak = given ?? measured;
  const runs = trainings.map(({ r, trainable, metrics }) => {
    const metric = (/** @type {string} */ key) => metrics[key] ?? Number.NaN;
    const median = metric('step_seconds_median');
    const flops_per_second = metric('flops_per_step') / median;
    return {
      r,
      trainable,
      ms_per_step: { median: median * 1000, min: metric('step_seconds_min') * 1000 },
      first_step_seconds: metric('first_step_seconds'),
      tokens_per_second: tokens / median,
      dispatches_per_step: metric('dispatches_per_step'),
      submits_per_step: metric('submits_per_step'),
      gpu_bytes: { now: metric('gpu_bytes_now'), peak: metric('peak_gpu_bytes') },
      flops_per_step: metric('flops_per_step'),
      flops_per_second,
      share_of_best_gemm: gemm && flops_per_second / gemm.best.flopsPerSecond,
    };
  });
  return {
    webvera: version,
    case: name,
    label,
    adapter,
    engine,
    arithmetic,
    dtype,
    device,
    shape: { ...shape, length, batch },
    runs,
    ...(tuned && { tuned: tuned.variants }),
    ...(gemm && { gemm: { best: gemm.best, rates: gemm.rates } }),
    ...(generation && { generation: generationRun(generation) }),
    adapters: adapters.map(adapterRun),
    ...(modes.length > 0 && { modes: modes.map(modeRun) }),
    ...(preferences.length > 0 && { preferences: preferences.map(preferenceRun) }),
    ...(kernelGemm && {
      kernels: kernels.map((report) => kernelRun(report, { tokens, peak: measured, isHardware: adapter === 'gpu' })),
      kernel_gemm: { best: kernelGemm.best, rates: kernelGemm.rates },
    }),
    ...(peak && counts.length > 0 && { counts: counts.map((one) => countRun(one, { tokens, peak })) }),
    ...(peak && { peak: { flops_per_second: peak.flopsPerSecond, bytes_per_second: peak.bytesPerSecond } }),
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
  arithmetic,
  dtype,
  device,
  shape,
  runs,
  tuned,
  gemm,
  generation,
  adapters,
  modes = [],
  preferences = [],
  counts = [],
  kernels = [],
  peak,
}) {
  const choices = [
    ...(arithmetic === 'f32' ? [] : [`products in ${arithmetic}`]),
    ...(dtype === 'auto' ? [] : [`weights in ${dtype}`]),
  ];
  const head = [
    [`${name} on ${gpuName(device) || 'an unnamed adapter'}, ${engine}`, ...choices].join(', '),
    `${capital(label)}: ${shape.num_hidden_layers} layers of ${shape.hidden_size}, vocabulary ${count(shape.vocab_size)}; ${shape.batch} × ${shape.length} tokens a step`,
  ];
  const parts = [
    head,
    trainingLines(runs),
    tunedLines(tuned),
    gemmLines(gemm),
    generationLines(generation),
    adapterLines(adapters),
    ...modes.map(modeLines),
    ...preferences.map(preferenceLines),
    ...kernels.map(kernelLines),
    countLines(counts, peak),
    kernels.length === 0 ? [] : peakLines(peak),
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
 * @param {BenchReport['tuned']} tuned
 * @returns {string[]}
 */
function tunedLines(tuned) {
  if (tuned === undefined) return [];
  const names = Object.entries(tuned).map(([kernel, variant]) => `${kernel} ${variant}`);
  return [`Tuned: ${names.join(', ') || 'nothing could be measured in time'}`];
}

/**
 * @param {BenchReport['gemm']} gemm
 * @returns {string[]}
 */
function gemmLines(gemm) {
  if (gemm === undefined) return [];
  const { flopsPerSecond, variant, shape } = gemm.best;
  return [`Best GEMM: ${giga(flopsPerSecond)} GFLOP/s (${variant}, ${shape.rows}×${shape.columns}×${shape.inner})`];
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
