import { readFileSync } from 'node:fs';

/** Returns the rows of the tables between a heading of a Markdown file and the next one, as cells, without header rows. */
export function tableRows(file: string, heading: string): readonly (readonly string[])[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const level = lines.find((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (level === undefined) throw new Error(`${file} has no heading ${heading}`);
  const after = lines.slice(lines.indexOf(level) + 1);
  const end = after.findIndex((line) => /^#+ /.test(line));
  const table = (end === -1 ? after : after.slice(0, end)).filter((line) => line.startsWith('|'));
  return table
    .filter((line, index) => !isRule(line) && !isRule(table[index + 1] ?? ''))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

/** Whether this line separates a table's header row from its other rows. */
function isRule(line: string): boolean {
  return /^\|[\s|:-]+\|$/.test(line);
}
