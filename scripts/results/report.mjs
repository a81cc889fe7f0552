// Reads and writes the tables of RESULTS.md. Each table lies between two HTML comments, and only `npm run results` writes it, row by row.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { inRepository } from '../shared/paths.mjs';
import { markdownTable } from '../shared/table.mjs';

/** @typedef {(key: readonly string[], measure: () => Promise<readonly string[]>) => Promise<void>} MeasureRow */
/**
 * One run of `npm run results`, which measures one table.
 * @typedef {object} TableRun
 * @property {typeof import('../../src/node')} library
 * @property {import('../../src/index').Session} session
 * @property {number} seeds number of training runs for each row; the row reports their mean
 * @property {MeasureRow} row measures a row and writes it, unless RESULTS.md has it already
 * @property {(line: string) => void} report
 */
/**
 * @typedef {object} Table
 * @property {number} keys number of leading columns that identify a row
 * @property {readonly string[]} columns
 * @property {(seeds: number) => readonly string[]} about returns the lines above the table
 * @property {(run: TableRun) => Promise<void>} make measures the rows with `run.row`
 */

const FILE = inRepository('docs/RESULTS.md');
/** The initial RESULTS.md, with empty tables. */
const TEMPLATE = inRepository('scripts/results/template.md');

/** Reads and writes RESULTS.md. */
export const RESULTS = {
  read: () => readFileSync(existsSync(FILE) ? FILE : TEMPLATE, 'utf8'),
  write: (/** @type {string} */ text) => writeFileSync(FILE, text),
};

/**
 * Returns the text above a table. It names all conditions under which the rows were measured: rows stay valid while this text doesn't
 * change.
 * @param {string} name
 * @param {Table} table
 * @param {string} device
 * @param {number} seeds
 */
export function headingOf(name, table, device, seeds) {
  const { model = 'an unknown CPU' } = cpus()[0] ?? {};
  const by = `By \`npm run results -- ${name}\`, on ${device}; ${cpus().length} × ${model.trim()}.`;
  return [...table.about(seeds), '', by].join('\n');
}

/**
 * @param {string} file
 * @param {string} name
 * @param {string} heading
 * @returns {string[][]} the rows of the table; none if the table has another heading
 */
export function rowsOf(file, name, heading) {
  const { from, to } = placeOf(file, name);
  const section = file.slice(from, to);
  if (!section.startsWith(`\n\n${heading}\n`)) return [];
  const [, , ...rows] = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.map((row) => row.slice(2, -2).split(' | '));
}

/**
 * @param {string} file
 * @param {string} name
 * @param {string} heading
 * @param {Pick<Table, 'keys' | 'columns'> & { rows: readonly (readonly string[])[] }} table
 * @returns {string} the file with the new table
 */
export function withTable(file, name, heading, { keys, columns, rows }) {
  const { from, to } = placeOf(file, name);
  return `${file.slice(0, from)}\n\n${heading}\n\n${markdownTable(columns, rows, keys)}\n\n${file.slice(to)}`;
}

/**
 * @param {string} file
 * @param {string} name
 */
function placeOf(file, name) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [file.indexOf(begin) + begin.length, file.indexOf(end)];
  if (!file.includes(begin) || to < from) throw new Error(`RESULTS.md has no place for ${name}`);
  return { from, to };
}

/**
 * Formats the mean of numbers, with the sample standard deviation if there are several.
 * @param {readonly number[]} numbers
 * @param {number} digits
 */
export function spread(numbers, digits) {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  if (numbers.length === 1) return mean.toFixed(digits);
  const squares = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(squares / (numbers.length - 1)).toFixed(digits)}`;
}
