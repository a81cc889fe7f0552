import { ChoiceProblem } from '../library/choice_problem';

/** Parses a CSV file by RFC 4180. The first row names the fields. */
export function csvRows(text: string): Readonly<Record<string, string>>[] {
  const [names = [], ...rows] = records(text.replace(/^\ufeff/, ''));
  return rows.map((fields, index) => {
    if (fields.length === names.length) return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']));
    throw new ChoiceProblem(`Row ${index + 2} has ${fields.length} fields, and the first row names ${names.length}.`);
  });
}

/** A quoted or plain field, and the separator after it. */
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^,\r\n]*))(,|\r\n|\n|\r|$)/y;

function records(text: string): string[][] {
  const all: string[][] = [];
  let fields: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (match === null) break; // unreachable: the pattern matches any text
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
