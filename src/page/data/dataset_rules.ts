import { isObject, type Rule } from '../session/rules';

/** MIME types of files that hold no text to learn from. */
const NO_TEXT = /^(?:image|audio|video|font)\/|^application\/(?:pdf|zip|gzip|vnd\.|msword)/;

/** The rule for data sets: the checks that are possible before a data set is read. */
export const anyDataset: Rule = { expected: 'an iterable of examples, or a Blob of text', accepts, hint };

function accepts(value: unknown): boolean {
  if (value instanceof Blob) return isCsv(value) || (!NO_TEXT.test(value.type) && !isErrorPage(value));
  if (typeof value !== 'object' || value === null || isBytes(value)) return false;
  return isFunction(value, Symbol.asyncIterator) || isFunction(value, Symbol.iterator);
}

/** Whether a file is CSV, by type or name. With Excel installed, Windows gives CSV files Excel's type. */
export function isCsv(blob: Blob): boolean {
  return /^text\/csv\b/i.test(blob.type) || ('name' in blob && /\.csv$/i.test(String(blob.name)));
}

/**
 * Whether a Blob is an HTML page, which servers often send in place of a missing file. A `File` doesn't count, because a person chose it.
 */
function isErrorPage(blob: Blob): boolean {
  return /^text\/html\b/.test(blob.type) && !('name' in blob);
}

function isBytes(value: unknown): boolean {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

function isFunction(value: object, key: PropertyKey): boolean {
  return typeof (value as Readonly<Record<PropertyKey, unknown>>)[key] === 'function';
}

const FETCH = 'Fetch it: const response = await fetch(…); then, if response.ok, pass await response.blob().';

function hint(value: unknown): string {
  if (typeof value === 'string') return isAddress(value) ? FETCH : 'Text is passed as new Blob([text]) or [{ text }].';
  if (value instanceof URL) return FETCH;
  if (value instanceof Blob) return blobHint(value);
  if (isBytes(value)) return 'Bytes of text are passed as new Blob([bytes]).';
  if (isObject(value)) {
    if (isFunction(value, 'blob')) return 'Pass await response.blob(), once response.ok is known to be true.';
    if (isFunction(value, 'getFile')) return 'Pass await handle.getFile().';
    if (Object.values(value).some(Array.isArray)) return 'Examples are rows: [{ text: … }, { text: … }].';
    return 'A single example is passed in a list: [example].';
  }
  return 'Text is passed as new Blob([text]) or [{ text }].';
}

function blobHint(blob: Blob): string {
  if (isErrorPage(blob)) {
    return 'This is a web page: is the address of the text right? If a page is what is to be learnt, pass new Blob([blob]).';
  }
  if (/excel|spreadsheet/.test(blob.type)) return 'A table is passed as CSV: save it as such first, with commas.';
  const way = blob.type.startsWith('image/')
    ? 'images are passed as [{ image, label }].'
    : 'get the text out of it first.';
  return `A Blob of ${blob.type} holds no plain text: ${way}`;
}

function isAddress(text: string): boolean {
  return /^(?:https?:|\.{0,2}\/)\S+$|^\S+\.(?:txt|jsonl?|ndjson|csv|md)$/i.test(text);
}
