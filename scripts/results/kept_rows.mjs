// A table that takes hours is written row by row: one that is cut off goes on where it was.
import { headingOf, RESULTS, rowsOf, withTable } from './report.mjs';

/**
 * @param {string} name
 * @param {import('./report.mjs').Table} table
 * @param {{ device: string, seeds: number, again: boolean, tell(line: string): void }} options `again` forgets the rows that are there
 * @param {typeof RESULTS} [file]
 * @returns {(key: readonly string[], measure: () => Promise<readonly string[]>) => Promise<void>} measures a row unless it is there
 */
export function keptRows(name, table, { device, seeds, again, tell }, file = RESULTS) {
  const heading = headingOf(name, table, device, seeds);
  /** @type {Map<string, readonly string[]>} in the order of the file */
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
    tell(row.join(' | '));
  };
}
