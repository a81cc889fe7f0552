// What the comparison prints.
import { count, size } from '../../scripts/shared/progress.mjs';

/** @typedef {import('./compare.mjs').Comparison} Comparison */
/** @typedef {import('./compare.mjs').Side} Side */
/** @typedef {import('../options/bench_options.mjs').Rival} Rival */

/** By the name of the option. */
const PEERS = { jax: 'jax-js', tfjs: 'TensorFlow.js' };

/** @param {Rival} rival */
export function rivalName(rival) {
  return typeof rival === 'string' ? PEERS[rival] : 'the other';
}

/**
 * From plain numbers on, with all that is compiled.
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
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const padded = cells.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   '),
  );
  return [
    `${comparison.case}, r ${comparison.r}, ${engine}, ${comparison.rounds} rounds in turns`,
    '',
    ...padded.map((line) => line.trimEnd()),
    '',
    `Losses of ${webvera.losses.length} steps differ by at most ${loss_difference.largest.toExponential(1)}.`,
  ].join('\n');
}
