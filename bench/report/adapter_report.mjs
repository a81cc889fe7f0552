// Reports the measurements of several adapters on one model.

import { count, giga, size } from '../../scripts/shared/progress.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';

/** @typedef {import('../workload/workload.mjs').AdapterReport} AdapterReport */
/** @typedef {import('../index').PassReport} PassReport */
/** @typedef {import('../index').SwitchReport} SwitchReport */
/** @typedef {ReturnType<typeof adapterRun>} AdapterRun */

/** @param {AdapterReport} report */
export function adapterRun({ r, adapters, mixed, together, switching }) {
  return {
    r,
    adapters,
    mixed: {
      rows: mixed.rows,
      tokens: mixed.tokens,
      base: pass(mixed.base),
      single: pass(mixed.single),
      mixed: pass(mixed.mixed),
      ratios: mixed.ratios,
    },
    together: {
      rows: together.rows,
      tokens: together.tokens,
      single: pass(together.single),
      together: pass(together.together),
      ratio: together.together_to_single,
    },
    switching: {
      tokens: switching.tokens,
      back_and_forth: change(switching.back_and_forth),
      around: change(switching.around),
      build: { ms: switching.build.seconds * 1000, dispatches: switching.build.dispatches },
      load: {
        file_bytes: switching.load.file_bytes,
        bytes: switching.load.bytes,
        ms: switching.load.seconds * 1000,
      },
    },
  };
}

/** @param {PassReport} report */
function pass({ seconds, dispatches, flops }) {
  return { ms: seconds * 1000, dispatches, flops };
}

/** @param {SwitchReport} report */
function change({ bytes, first_bytes, seconds, forward_seconds }) {
  return { bytes, first_bytes, ms: seconds * 1000, forward_ms: forward_seconds * 1000 };
}

/**
 * @param {readonly AdapterRun[]} runs one for each rank; none if adapters weren't measured
 * @returns {string[]} lines with a column for each rank
 */
export function adapterLines(runs) {
  const ms = (/** @type {number} */ value) => value.toFixed(1);
  const times = (/** @type {number} */ ratio) => `${ratio.toFixed(2)} ×`;
  const dispatches = (/** @type {AdapterRun['mixed']['base']} */ { dispatches }) => count(dispatches);
  const three = (
    /** @type {AdapterRun} */ { mixed: { base, single, mixed } },
    /** @type {(one: AdapterRun['mixed']['base']) => string} */ cell,
  ) => [base, single, mixed].map(cell).join(' | ');
  const two = (
    /** @type {AdapterRun} */ { together: { single, together } },
    /** @type {(one: AdapterRun['mixed']['base']) => string} */ cell,
  ) => [single, together].map(cell).join(' | ');
  const [first] = runs;
  if (first === undefined) return [];
  const rows = `${first.mixed.rows} × ${first.mixed.tokens} tokens`;
  const all = first.adapters;
  /** @type {[string, (run: AdapterRun) => string][]} */
  const table = [
    [`Forward of ${rows}`, ({ r }) => `r ${r}`],
    ['ms: base model | one adapter | one for each row', (run) => three(run, (one) => ms(one.ms))],
    ['dispatches', (run) => three(run, dispatches)],
    ['GFLOP', (run) => three(run, (one) => giga(one.flops))],
    ['one adapter to the base model', ({ mixed }) => times(mixed.ratios.single_to_base)],
    ['one for each row to the base model', ({ mixed }) => times(mixed.ratios.mixed_to_base)],
    ['one for each row to one adapter', ({ mixed }) => times(mixed.ratios.mixed_to_single)],
    ['', () => ''],
    [`Training step of ${rows}`, ({ r }) => `r ${r}`],
    ['ms: one adapter | one for each row', (run) => two(run, (one) => ms(one.ms))],
    ['dispatches', (run) => two(run, dispatches)],
    ['GFLOP', (run) => two(run, (one) => giga(one.flops))],
    ['one for each row to one adapter', ({ together }) => times(together.ratio)],
    ['', () => ''],
    [`Switching, and a forward of 1 × ${first.switching.tokens} tokens`, ({ r }) => `r ${r}`],
    ['a repeated forward, ms', ({ switching }) => ms(switching.around.forward_ms)],
    ['two in turn, ms beyond it', ({ switching }) => ms(switching.back_and_forth.ms)],
    [`${all} in turn, ms beyond it`, ({ switching }) => ms(switching.around.ms)],
    [
      `building the program of ${first.switching.build.dispatches} dispatches, ms`,
      ({ switching }) => ms(switching.build.ms),
    ],
    ['bytes sent by a switch', ({ switching }) => size(switching.around.bytes)],
    ['bytes sent to build its program', ({ switching }) => size(switching.around.first_bytes)],
    ['loading an adapter from memory, ms', ({ switching }) => ms(switching.load.ms)],
    ['its files', ({ switching }) => size(switching.load.file_bytes)],
    ['bytes sent for it', ({ switching }) => size(switching.load.bytes)],
  ];
  return tableLines(table.map(([label, cell]) => [label, ...runs.map(cell)])).map((line) => line.trimEnd());
}
