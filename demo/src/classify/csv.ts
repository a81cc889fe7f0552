import { ChoiceProblem } from '../library/choice_problem';

/** Parses a CSV file by RFC 4180, or a TSV file with the same rules for quotes. The first row names the fields. */
export function csvRows(text: string, separator: ',' | '\t' = ','): Readonly<Record<string, string>>[] {
  const [names = [], ...rows] = records(text.replace(/^\ufeff/, ''), separator);
  return rows.map((fields, index) => {
    if (fields.length === names.length) return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']));
    throw new ChoiceProblem(`Row ${index + 2} has ${fields.length} fields, and the first row names ${names.length}.`);
  });
}

/** Patterns of a quoted or plain field, and the separator after it. */
const FIELDS = {
  ',': /(?:"([^"]*(?:""[^"]*)*)"|([^,\r\n]*))(,|\r\n|\n|\r|$)/y,
  '\t': /(?:"([^"]*(?:""[^"]*)*)"|([^\t\r\n]*))(\t|\r\n|\n|\r|$)/y,
};

function records(text: string, separator: keyof typeof FIELDS): string[][] {
  const all: string[][] = [];
  let fields: string[] = [];
  const field = FIELDS[separator];
  field.lastIndex = 0;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) break; // unreachable: the pattern matches any text
    const [, quoted, plain = '', end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === separator && field.lastIndex < text.length) continue;
    if (end === separator) fields.push('');
    const isEmpty = fields.length === 1 && fields[0] === '';
    if (!isEmpty) all.push(fields);
    fields = [];
  }
  return all;
}
