// RESULTS.md: each table lies between two marks, and is written anew by its command alone.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Table
 * @property {readonly string[]} columns
 * @property {readonly (readonly string[])[]} rows
 * @property {readonly string[]} about lines that stand before it
 */

const FILE = fileURLToPath(new URL('../../RESULTS.md', import.meta.url));
/** What it is before its first table. */
const TEMPLATE = fileURLToPath(new URL('template.md', import.meta.url));

/**
 * @param {string} name
 * @param {Table} table
 * @param {string} device
 */
export function writeTable(name, table, device) {
  const { model = 'an unknown CPU' } = cpus()[0] ?? {};
  const day = new Date().toISOString().slice(0, 10);
  const made = `Made on ${day} by \`npm run results -- ${name}\`, on ${device}; ${cpus().length} × ${model.trim()}.`;
  const before = readFileSync(existsSync(FILE) ? FILE : TEMPLATE, 'utf8');
  writeFileSync(FILE, withTable(before, name, [...table.about, '', made, '', ...markdown(table)]));
}

/**
 * @param {string} file
 * @param {string} name
 * @param {readonly string[]} lines
 */
export function withTable(file, name, lines) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [file.indexOf(begin), file.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`RESULTS.md has no place for ${name}`);
  return `${file.slice(0, from + begin.length)}\n\n${lines.join('\n')}\n\n${file.slice(to)}`;
}

/** @param {Pick<Table, 'columns' | 'rows'>} table */
export function markdown({ columns, rows }) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)];
}

/**
 * The mean of some numbers and their standard deviation, of a sample.
 * @param {readonly number[]} numbers
 * @param {number} digits
 */
export function spread(numbers, digits) {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const squares = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0);
  const deviation = numbers.length > 1 ? Math.sqrt(squares / (numbers.length - 1)) : 0;
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
