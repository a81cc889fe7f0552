// The reports of `npm run bench -- --only isa` for GPUs of all vendors.
import { markdownTable, tableLines } from '../../../scripts/shared/table.mjs';
import { GPUS } from './gpus.mjs';

/** @typedef {import('./compile_listings.mjs').Listed} Listed */
/** @typedef {{ gpu: string, kernels: readonly Listed[] }} GpuReport */

/**
 * Formats the kernels of one GPU as a table with one line for each.
 * @param {GpuReport} report
 * @returns {string}
 */
export function gpuTable({ gpu, kernels }) {
  const head = ['', 'registers', 'spilled', 'multiply-adds of all in a step of K'];
  const rows = kernels.map(({ kernel, variant, registers, spilled, shares }) => [
    `${kernel}/${variant}`,
    String(registers),
    String(spilled),
    shares.map(percent).join(', '),
  ]);
  const lines = tableLines([head, ...rows]).map((line) => line.trimEnd());
  return [`${gpu} (${GPUS[gpu]?.title}), by Mesa's compiler; nothing ran`, '', ...lines].join('\n');
}

/**
 * Returns a Markdown table of the variants that each GPU uses. A cell has the variant and its share of multiply-adds: the lowest share of
 * its main loops.
 * @param {readonly GpuReport[]} reports
 * @returns {string}
 */
export function chosenTable(reports) {
  const names = [...new Set(reports.flatMap(({ kernels }) => kernels.map(({ kernel }) => kernel)))];
  const head = ['Kernel', ...reports.map(({ gpu }) => GPUS[gpu]?.title ?? gpu)];
  const rows = names.map((name) => [
    name,
    ...reports.map(({ kernels }) =>
      kernels
        .filter(({ kernel }) => kernel === name)
        .map(cell)
        .join(', '),
    ),
  ]);
  return markdownTable(head, rows);
}

/** @param {Listed} listed */
function cell({ variant, shares, spilled }) {
  const name = SHORT[/** @type {keyof typeof SHORT} */ (variant)] ?? '';
  const spills = spilled === 0 ? '' : `, ${spilled} moved`;
  return `${percent(Math.min(...shares))}${name === '' ? '' : ` (${name}${spills})`}`;
}

const SHORT = {
  workgroup: '8×8',
  workgroup_oblong: '8×4',
  workgroup_small: '4×4',
  workgroup_least: '4×4',
  workgroup_apart: 'apart',
};

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}
