// Formats the results of comparisons as tables.
import { count, size } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { LORA_RANK } from '../peers/problem.mjs';

/** @typedef {import('./compare.mjs').Comparison} Comparison */
/** @typedef {import('./compare.mjs').KindsComparison} KindsComparison */
/** @typedef {import('./compare.mjs').Side} Side */
/** @typedef {import('../options/bench_options.mjs').Rival} Rival */

/** The displayed names of the values of `--compare`. */
const PEERS = { jax: 'jax-js', tfjs: 'TensorFlow.js', kinds: 'kinds of adapters' };

/** @param {Rival} rival */
export function rivalName(rival) {
  return typeof rival === 'string' ? PEERS[rival] : 'the other';
}

/**
 * Returns the seconds until the first loss is known: they include loading the arrays of model, adapter and batch, and compiling kernels.
 * @param {Side} side
 */
function firstLoss({ setup_seconds, first_step_seconds }) {
  return setup_seconds + first_step_seconds;
}

/**
 * @param {{ rival: string, engine: string, comparison: Comparison }} result
 * @returns {string} a table with a column for each side
 */
export function comparisonTable({ rival, engine, comparison }) {
  const { webvera, ratio, loss_difference } = comparison;
  const ms = (/** @type {number} */ seconds) => (seconds * 1000).toFixed(0);
  /** @type {[string, (side: Side) => string, number?][]} */
  const rows = [
    ['step, ms, median', ({ wall_seconds }) => ms(wall_seconds), ratio.wall],
    ['CPU time, ms, median', ({ cpu_seconds }) => ms(cpu_seconds), ratio.cpu],
    ['until the first loss, s', (side) => firstLoss(side).toFixed(2), firstLoss(comparison.peer) / firstLoss(webvera)],
    ['dispatches per step', ({ dispatches_per_step }) => count(dispatches_per_step)],
    ['GPU memory, peak', ({ peak_gpu_bytes }) => size(peak_gpu_bytes)],
    ['first loss', ({ losses: [first = Number.NaN] }) => first.toFixed(6)],
  ];
  const cells = [
    ['', 'webvera', rival, 'ratio'],
    ...rows.map(([label, cell, times]) => [
      label,
      cell(webvera),
      cell(comparison.peer),
      times === undefined ? '' : `${times.toFixed(2)} ×`,
    ]),
  ];
  return [
    `${comparison.case}, r ${comparison.r}, ${engine}, ${comparison.rounds} rounds in turns`,
    '',
    ...tableLines(cells).map((line) => line.trimEnd()),
    '',
    `Losses of ${webvera.losses.length} steps differ by at most ${loss_difference.largest.toExponential(1)}.`,
  ].join('\n');
}

/**
 * @param {{ engine: string, comparison: KindsComparison }} result
 * @returns {string} a table with a row for each adapter kind, and one for LoRA in another library
 */
export function kindsTable({ engine, comparison }) {
  const { sides, r, rounds } = comparison;
  const [first] = sides;
  const last = sides.at(-1);
  const times = (/** @type {number} */ a, /** @type {number | undefined} */ b) =>
    `${(a / (b ?? Number.NaN)).toFixed(2)} ×`;
  const cells = [
    ['', 'step, ms', 'of VeRA', 'faster than the last', 'first loss, s', 'dispatches', 'GPU memory'],
    ...sides.map((side) => [
      side.name,
      (side.wall_seconds * 1000).toFixed(0),
      times(side.wall_seconds, first?.wall_seconds),
      times(last?.wall_seconds ?? Number.NaN, side.wall_seconds),
      firstLoss(side).toFixed(2),
      count(side.dispatches_per_step),
      size(side.peak_gpu_bytes),
    ]),
  ];
  return [
    `${comparison.case}, VeRA r ${r}, LoRA r ${LORA_RANK}, ${engine}, ${rounds} rounds in turns`,
    '',
    ...tableLines(cells).map((line) => line.trimEnd()),
  ].join('\n');
}
