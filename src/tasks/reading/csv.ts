import { WebVeraError } from '../../core/errors/error';
import { readText } from './blob_text';

/** The largest length of one row, in UTF-16 code units. */
const MAX_ROW = 2 ** 24;
const MAX_COLUMNS = 4096;

/** A row of a CSV file, not its header. */
interface CsvRow {
  /** The line on which the row begins, from 1. */
  readonly line: number;
  /** The row's fields by the column names in the header. */
  readonly value: Readonly<Record<string, string>>;
}

/**
 * Yields the rows of a CSV file as in RFC 4180: a header, commas between fields, and quotes around fields that hold commas, line breaks or
 * quotes. A quote within such a field is doubled. All line breaks in fields become `\n`. Empty lines are skipped. If a field doesn't begin
 * with a quote, the quotes in it are part of its text. Throws `invalid_format` for repeated column names, for rows with more or fewer
 * fields than the header, and for quotes that aren't closed or don't end a field; `limit_exceeded` for rows that are too long and too many
 * columns.
 */
export async function* readCsv(blob: Blob, onRead?: ((bytes: number) => void) | undefined): AsyncGenerator<CsvRow> {
  let names: readonly string[] | undefined;
  for await (const { line, fields } of records(readText(blob, onRead))) {
    if (names === undefined) names = checkedNames(fields, line);
    else yield { line, value: named(names, fields, line) };
  }
}

async function* records(parts: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const reader = new RecordReader();
  for await (const part of parts) yield* reader.push(part);
  yield* reader.finish();
}

function checkedNames(names: readonly string[], line: number): readonly string[] {
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice === undefined) return names;
  throw invalid(line, `expected a name of its own for each column, got ${shown(twice)} twice`);
}

function named(names: readonly string[], fields: readonly string[], line: number): CsvRow['value'] {
  if (fields.length !== names.length) {
    throw invalid(line, `expected ${names.length} fields as in the header, got ${fields.length}`);
  }
  return Object.fromEntries(names.map((name, i) => [name, fields[i] as string]));
}

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * The reader's state: before a field, in a field without quotes, within quotes, or after a quote (which ends the field or is the first of
 * two).
 */
type Place = 'start' | 'plain' | 'quoted' | 'quote';

/** Parses a text that arrives in parts, and reads each character once. */
class RecordReader {
  #place: Place = 'start';
  #field = '';
  #fields: string[] = [];
  /** The length of the row's earlier fields, in UTF-16 code units. */
  #size = 0;
  #hasQuotes = false;
  /** The line on which the row begins; `#at` is the line that is being read. */
  #line = 1;
  #at = 1;

  *push(text: string): Generator<CsvRecord> {
    for (let from = 0; from < text.length; ) {
      if (this.#place === 'start') {
        const isQuoted = text.charAt(from) === '"';
        this.#place = isQuoted ? 'quoted' : 'plain';
        if (isQuoted) from++;
      } else if (this.#place === 'quoted') {
        from = this.#quoted(text, from);
      } else if (this.#place === 'quote' && text.charAt(from) === '"') {
        this.#field += '"';
        this.#place = 'quoted';
        from++;
      } else {
        const end = fieldEnd(text, from);
        this.#plain(text.slice(from, end));
        const sign = text.charAt(end);
        if (sign !== '') this.#endField();
        if (sign === '\n') yield* this.#endRecord();
        from = end + 1;
      }
    }
  }

  /** Yields the last row if no line break follows it. */
  *finish(): Generator<CsvRecord> {
    if (this.#place === 'quoted')
      throw invalid(this.#line, 'expected a quote at the end of a field that begins with one');
    if (this.#place === 'start' && this.#fields.length === 0) return;
    this.#endField();
    yield* this.#endRecord();
  }

  #quoted(text: string, from: number): number {
    const found = text.indexOf('"', from);
    const part = text.slice(from, found < 0 ? text.length : found);
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) this.#at++;
    this.#add(part);
    if (found < 0) return text.length;
    this.#place = 'quote';
    return found + 1;
  }

  #plain(part: string): void {
    if (part === '') return;
    if (this.#place === 'quote')
      throw invalid(this.#at, `expected a comma after a field in quotes, got ${shown(part)}`);
    this.#add(part);
  }

  #add(part: string): void {
    this.#field += part;
    if (this.#size + this.#field.length > MAX_ROW) throw tooMuch(this.#line, `${MAX_ROW} characters in a row`);
  }

  #endField(): void {
    if (this.#fields.length === MAX_COLUMNS) throw tooMuch(this.#line, `${MAX_COLUMNS} fields in a row`);
    if (this.#place === 'quote') this.#hasQuotes = true;
    this.#fields.push(this.#field);
    this.#size += this.#field.length + 1;
    this.#field = '';
    this.#place = 'start';
  }

  *#endRecord(): Generator<CsvRecord> {
    const [line, fields] = [this.#line, this.#fields];
    // A line with only a pair of quotes is a row with one empty field; a line without any character is skipped.
    const isEmpty = fields.length === 1 && fields[0] === '' && !this.#hasQuotes;
    this.#at++;
    this.#line = this.#at;
    this.#fields = [];
    this.#size = 0;
    this.#hasQuotes = false;
    if (!isEmpty) yield { line, fields };
  }
}

function fieldEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === 0x2c || sign === 0x0a) return at;
  }
  return text.length;
}

/** Quotes a text for an error message and truncates it, because a file may contain anything. */
function shown(text: string): string {
  return JSON.stringify(text.length <= 40 ? text : `${text.slice(0, 40)}…`);
}

function invalid(line: number, problem: string): WebVeraError {
  return new WebVeraError('invalid_format', `line ${line}: ${problem}`, {
    hint: 'A CSV file begins with the names of its columns. Commas lie between fields, and quotes around those that hold commas.',
    detail: { line },
  });
}

function tooMuch(line: number, most: string): WebVeraError {
  return new WebVeraError('limit_exceeded', `line ${line}: expected at most ${most}`, {
    hint: 'Is a quote missing at the end of a field?',
    detail: { line },
  });
}
