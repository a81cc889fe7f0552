import { type LabelledFiles, labelledFiles } from 'webvera';
import type { Labelled } from '../classes/class_set';
import { ChoiceProblem, expectUtf8 } from '../library/choice_problem';
import { csvRows } from './csv';

const LINE_END = /\r\n|\r|\n/;

export interface ReadMessages {
  readonly labelled: readonly Labelled<string>[];
  /** Lines of plain text files, which have no label. */
  readonly lines: readonly string[];
  /** The number of rows and files that were left out, because they have no text or no class. */
  readonly leftOut: number;
}

/** The most characters of a message. The model reads no more. */
const LONGEST = 2000;
const MOST_BYTES = 2 ** 24;

const TABLE = /\.(?:csv|tsv|json|jsonl|ndjson)$/i;
/** Matches the paths of texts, which may have no ending. */
const TEXT = /(?:^|\/)[^./]*$|\.(?:txt|text|md|markdown|log)$/i;

/**
 * Reads messages from `files`, whose keys are the files' paths: tables with texts and labels, folders whose names are labels, or text files
 * with one message per line.
 */
export async function readMessages(files: ReadonlyMap<string, File>): Promise<ReadMessages> {
  const visible = [...files].filter(([path]) => !isJunk(path));
  const tooLarge = visible.map(([, file]) => file).find(({ size }) => size > MOST_BYTES);
  if (tooLarge !== undefined) throw new ChoiceProblem(`${tooLarge.name} is larger than 16 MB.`);
  const tables = visible.filter(([path]) => TABLE.test(path));
  const texts = visible.filter(([path]) => !TABLE.test(path));
  const folders = new Set(texts.map(([path]) => path.slice(0, path.lastIndexOf('/') + 1)));
  const inFolders = folders.size > 1 ? labelledFiles(new Map(texts)) : undefined;
  const ofFiles: Labelled<string>[][] = [];
  const linesOfFiles: string[][] = [];
  for (const [path, file] of tables) ofFiles.push(await tableOf(path, file));
  if (inFolders !== undefined) ofFiles.push(await folderOf(inFolders));
  else for (const [path, file] of texts) linesOfFiles.push(await linesIn(path, file));
  const [found, lines] = [ofFiles.flat(), linesOfFiles.flat()];
  const labelled = found.filter(({ content }) => content !== '');
  if (labelled.length + lines.length === 0) throw new ChoiceProblem('There are no messages in it.');
  return { labelled, lines, leftOut: found.length - labelled.length + (inFolders?.leftOut.length ?? 0) };
}

/** Whether a file is hidden or was added by the operating system. `labelledFiles` ignores the same files. */
function isJunk(path: string): boolean {
  return /(?:^|\/)(?:\.|__MACOSX\/|(?:thumbs\.db|desktop\.ini)$)/i.test(path);
}

/** Splits a text into messages, one per line. */
export function linesOf(text: string): string[] {
  return filledLines(text).map(trimmed);
}

function filledLines(text: string): string[] {
  return text.split(LINE_END).filter((line) => line.trim() !== '');
}

async function linesIn(path: string, file: File): Promise<string[]> {
  if (TEXT.test(path) || /^text\/(?:plain|markdown)\b/.test(file.type)) return linesOf(await plainText(path, file));
  const remedy = 'Choose CSV or JSON Lines, or plain text with a message a line.';
  throw new ChoiceProblem(`${path} is neither a text nor a table. ${remedy}`);
}

async function folderOf(files: LabelledFiles): Promise<Labelled<string>[]> {
  const found: Labelled<string>[] = [];
  for await (const file of files) {
    if (!('text' in file)) throw new ChoiceProblem('These are pictures. There is a page of its own for them: Images.');
    found.push({ label: file.label, content: trimmed(file.text) });
  }
  return found;
}

async function tableOf(path: string, file: File): Promise<Labelled<string>[]> {
  const text = await plainText(path, file);
  return rowsOf(path, text).map((row, index) => {
    const { label } = row;
    const content = row.text === null ? '' : row.text;
    if (typeof content !== 'string' || (content.trim() !== '' && !isLabel(label))) {
      const names = Object.keys(row).slice(0, 6).join(', ').slice(0, 80);
      throw new ChoiceProblem(
        `${path} needs a text and a label in each row. Row ${index + 1} has ${names || 'neither'}.`,
      );
    }
    return { label: String(label), content: trimmed(content) };
  });
}

function isLabel(label: unknown): label is string | number {
  return (typeof label === 'string' && label.trim() !== '') || typeof label === 'number';
}

function rowsOf(path: string, text: string): Readonly<Record<string, unknown>>[] {
  if (/\.csv$/i.test(path)) return csvRows(text);
  if (/\.tsv$/i.test(path)) return csvRows(text, '\t');
  const list = /\.json$/i.test(path) ? parsedWhole(path, text) : undefined;
  // Many .json files hold JSON Lines.
  const values = list === undefined ? filledLines(text).map(parsed) : [list].flat();
  if (values.includes(undefined)) {
    const isWrong = (line: string): boolean => line.trim() !== '' && parsed(line) === undefined;
    throw new ChoiceProblem(`Line ${text.split(LINE_END).findIndex(isWrong) + 1} isn't JSON.`);
  }
  return values.map((value) => Object(value) as Record<string, unknown>);
}

/** Parses a JSON file. Returns undefined if it isn't a single JSON document. Throws `ChoiceProblem` for an invalid JSON array. */
function parsedWhole(path: string, text: string): unknown {
  if (!text.trimStart().startsWith('[')) return parsed(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ChoiceProblem(`${path}: ${(error as Error).message}`);
  }
}

/** Parses JSON. Returns undefined if the text is not valid JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

async function plainText(path: string, file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  expectUtf8(path, bytes);
  const text = new TextDecoder().decode(bytes);
  if (text.includes('\0')) throw new ChoiceProblem(`${path} is no text file.`);
  return text;
}

function trimmed(text: string): string {
  return text.trim().slice(0, LONGEST);
}
