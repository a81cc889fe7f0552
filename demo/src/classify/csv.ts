import { ChoiceProblem } from '../library/choice_problem';

/** The rows of a CSV file as RFC 4180 has it, by the names in its first row. */
export function csvRows(text: string): Readonly<Record<string, string>>[] {
  const [names = [], ...rows] = records(text.replace(/^\ufeff/, ''));
  return rows.map((fields, index) => {
    if (fields.length === names.length) return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']));
    throw new ChoiceProblem(`Row ${index + 2} has ${fields.length} fields, and the first row names ${names.length}.`);
  });
}

/** A field, in quotes or not, and what ends it. */
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^,\r\n]*))(,|\r\n|\n|\r|$)/y;

function records(text: string): string[][] {
  const all: string[][] = [];
  let fields: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (match === null) break; // not what the pattern lets happen
    const [, quoted, plain = '', end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',' && FIELD.lastIndex < text.length) continue;
    if (end === ',') fields.push('');
    const isEmpty = fields.length === 1 && fields[0] === '';
    if (!isEmpty) all.push(fields);
    fields = [];
  }
  return all;
}
