import { wrong } from '../errors/wrong';
import type { AdapterFiles } from '../types/model';

/**
 * Files by name: a Map or an object of Blobs, as the save and export methods return them, or a list of Files from a file input. If a File
 * was chosen with its folder, its name is its path in that folder.
 */
export type Files =
  | ReadonlyMap<string, Blob>
  | Readonly<Record<string, Blob>>
  | AdapterFiles
  | FileList
  | readonly File[];

/** Parts of the error message for invalid files. */
interface Wanted {
  readonly expected?: string;
  readonly hint?: string;
}

const FILES = 'files by their names: a Map or an object of Blobs, a FileList, or a list of Files';
const HINT = "Pass input.files of an <input type='file'>, or the result of save_pretrained() or export().";

/** Whether a value can be used as `Files`: all of its entries are Blobs. A Map or a list may be empty; an object may not. */
export function isFiles(value: unknown): value is Files {
  const entries = entriesOf(value) ?? [];
  const hasForm = value instanceof Map || isList(value) || entries.length > 0;
  return hasForm && entries.every(([, file]) => file instanceof Blob);
}

/** Converts any form of `Files` to a Map by name. Throws `invalid_argument` for any other value and for two files with the same name. */
export function namedFiles(what: string, files: unknown, wanted: Wanted = {}): Map<string, Blob> {
  const named = new Map<string, Blob>();
  for (const [path, file] of listedFiles(what, files, wanted)) {
    const name = isList(files) ? path.slice(path.indexOf('/') + 1) : path;
    if (named.has(name)) throw wrong(what, 'files of different names', `two of the name ${name}`, wanted.hint);
    named.set(name, file);
  }
  return named;
}

/** Lists each file with its name, or with its path if it was chosen with its folder. Throws `invalid_argument`. */
export function listedFiles(
  what: string,
  files: unknown,
  { expected = FILES, hint = HINT }: Wanted = {},
): [path: string, file: Blob][] {
  const entries = entriesOf(files);
  if (entries === undefined) throw wrong(what, expected, files, hint);
  return entries.map(([path, file]): [string, Blob] => {
    if (!(file instanceof Blob)) throw wrong(`${what}: ${String(path)}`, 'a Blob', file, hint);
    if (typeof path !== 'string' || path === '') throw wrong(what, expected, 'a Blob without a name', hint);
    return [path, file];
  });
}

function entriesOf(files: unknown): readonly (readonly [path: unknown, file: unknown])[] | undefined {
  if (files instanceof Map) return [...files];
  if (isList(files)) return Array.from(files, (file, index) => [pathOf(file) ?? index, file] as const);
  const isObject =
    typeof files === 'object' && files !== null && !(files instanceof Blob) && !(files instanceof Promise);
  return isObject ? Object.entries(files) : undefined;
}

/** Whether files are a list, such as a FileList. */
export function isList(files: unknown): files is ArrayLike<unknown> {
  if (Array.isArray(files)) return true;
  const { length, item } = (files ?? {}) as { length?: unknown; item?: unknown };
  return typeof length === 'number' && typeof item === 'function';
}

/** Returns a File's path if it was chosen with its folder, else its name. Returns undefined for a Blob, which has neither. */
function pathOf(file: unknown): string | undefined {
  const { webkitRelativePath: path, name } = (file ?? {}) as { webkitRelativePath?: unknown; name?: unknown };
  if (typeof path === 'string' && path !== '') return path;
  return typeof name === 'string' ? name : undefined;
}
