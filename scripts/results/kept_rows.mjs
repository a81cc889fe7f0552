// Writes a table row by row, because measuring it takes hours. After an interruption, the command measures only the missing rows.
import { headingOf, RESULTS, rowsOf, withTable } from './report.mjs';

/**
 * @param {string} name
 * @param {import('./report.mjs').Table} table
 * @param {{ device: string, seeds: number, again: boolean, report(line: string): void }} options `again`: measures existing rows again
 * @param {typeof RESULTS} [file]
 * @returns {import('./report.mjs').MeasureRow}
 */
export function keptRows(name, table, { device, seeds, again, report }, file = RESULTS) {
  const heading = headingOf(name, table, device, seeds);
  /** @type {Map<string, readonly string[]>} existing rows by name, in the order of the file */
  const kept = new Map();
  const nameOf = (/** @type {readonly string[]} */ row) => row.slice(0, table.keys).join(' | ');
  if (!again) for (const row of rowsOf(file.read(), name, heading)) kept.set(nameOf(row), row);
  /** @type {(readonly string[])[]} */
  const rows = [];
  return async (key, measure) => {
    const row = kept.get(nameOf(key)) ?? [...key, ...(await measure())];
    kept.delete(nameOf(key));
    rows.push(row);
    file.write(withTable(file.read(), name, heading, { ...table, rows: [...rows, ...kept.values()] }));
    report(row.join(' | '));
  };
}
