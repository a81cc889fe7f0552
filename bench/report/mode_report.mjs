// Reports the modes, which are equivalent ways to compute adapted layers.

import { count, giga } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';

/** @typedef {import('../index').ModeReport} ModeReport */
/** @typedef {ReturnType<typeof modeRun>} ModeRun */

/** @param {ModeReport} report */
export function modeRun({ r, bare, modes }) {
  return {
    r,
    bare: step(bare),
    modes: modes.map(({ mode, to_unmerged, to_bare, to_bare_by_flops, ...own }) => ({
      mode,
      ...step(own),
      to_unmerged,
      to_bare,
      to_bare_by_flops,
    })),
  };
}

/** @param {import('../index').ModeStep} step */
function step({ seconds, dispatches, flops }) {
  return { ms: seconds * 1000, dispatches, flops };
}

/**
 * @param {ModeRun} run
 * @returns {string[]}
 */
export function modeLines({ r, bare, modes }) {
  const times = (/** @type {number} */ ratio) => `${ratio.toFixed(2)} ×`;
  const row = (/** @type {string} */ label, /** @type {ModeRun['bare']} */ { ms, dispatches, flops }) => [
    label,
    ms.toFixed(1),
    giga(flops),
    count(dispatches),
  ];
  return tableLines([
    [`A step at r ${r}`, 'ms', 'GFLOP', 'dispatches', 'to unmerged', 'to no VeRA', 'and by GFLOP'],
    [...row('without VeRA', bare), '', '', ''],
    ...modes.map(({ mode, to_unmerged, to_bare, to_bare_by_flops, ...own }) => [
      ...row(mode, own),
      times(to_unmerged),
      times(to_bare),
      to_bare_by_flops.toFixed(2),
    ]),
  ]).map((line) => line.trimEnd());
}
