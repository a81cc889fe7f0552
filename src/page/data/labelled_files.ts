import { WebVeraError } from '../../core/errors/error';
import { type Files, listedFiles } from '../../core/input/named_files';
import { type FileKind, isJunk, kindOf } from './file_kinds';

/** A file as an example: what it holds, and the name of its folder. */
export type LabelledFile =
  | { readonly text: string; readonly label: string }
  | { readonly image: Blob; readonly label: string };

/** Files of one kind, read anew by each that goes through them, so that they serve several runs. In the order of their paths. */
export interface LabelledFiles extends AsyncIterable<LabelledFile> {
  /** The folders' names, sorted: what `id2label` may be made of. */
  readonly labels: readonly string[];
  /** How many files there are. */
  readonly length: number;
  /** Paths of files that aren't among them: of other kinds, or in no folder of a label. Hidden files aren't told of. */
  readonly leftOut: readonly string[];
}

/** Bytes of a text. */
const MAX_TEXT = 2 ** 24;
/** Most paths in a message. */
const SHOWN = 3;

/**
 * Files as examples, labelled by the folder that each is in: what is chosen by `<input type="file" webkitdirectory>`, or Blobs
 * by their paths. Texts (.txt, .md, or without any ending) are { text, label }, images (.png, .jpg, .jpeg, .webp, .gif, .bmp,
 * .avif) { image, label }; a Blob's type goes before its name's ending. Hidden files are passed over. What lies in the folder that
 * holds all others has no label, and is left out.
 *
 * Throws `invalid_argument` where there are no such files, or none in folders of labels, or both texts and images. Going through
 * them throws `invalid_format` for a file that can't be read or holds no text, and `limit_exceeded` for one of more than 16 MiB.
 */
export function labelledFiles(files: Files): LabelledFiles {
  const visible = pathsOf(files).filter(({ path }) => !isJunk(path));
  const known = visible.flatMap(({ path, blob }) => {
    const kind = kindOf(path, blob);
    return kind === undefined ? [] : [{ path, blob, kind }];
  });
  const common = commonFolder(known.map(({ path }) => path));
  const taken = known.filter(({ path }) => folderOf(path) !== common).sort((a, b) => compare(a.path, b.path));
  const paths = new Set(taken.map(({ path }) => path));
  const leftOut = visible.map(({ path }) => path).filter((path) => !paths.has(path));
  if (taken.length === 0) throw known.length === 0 ? noFiles(leftOut) : noFolders(leftOut);
  expectOneKind(taken);
  const placed = taken.map((file) => ({ ...file, label: labelOf(file.path) }));
  return {
    labels: [...new Set(placed.map(({ label }) => label))].sort(compare),
    length: placed.length,
    leftOut: leftOut.sort(compare),
    async *[Symbol.asyncIterator]() {
      for (const { path, blob, kind, label } of placed) {
        yield kind === 'image' ? { image: blob, label } : { text: await textOf(path, blob), label };
      }
    },
  };
}

interface PlacedBlob {
  /** With '/' between its parts. */
  readonly path: string;
  readonly blob: Blob;
}

function pathsOf(files: unknown): PlacedBlob[] {
  const hint = "Pass input.files of an <input type='file' webkitdirectory>, or a Map of Blobs by their paths.";
  const listed = listedFiles('labelledFiles: files', files, { expected: 'the files of a folder', hint });
  return listed.map(([path, blob]) => ({ path: normalised(path), blob }));
}

function normalised(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  return parts.join('/');
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Its folder's name. Some systems take accents apart. */
function labelOf(path: string): string {
  return folderOf(path).split('/').at(-1)?.normalize('NFC') ?? '';
}

/** The innermost folder that holds all of them. */
function commonFolder([first = '', ...others]: readonly string[]): string {
  let common = folderOf(first);
  for (const path of others) while (common !== '' && !path.startsWith(`${common}/`)) common = folderOf(common);
  return common;
}

/** The same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function textOf(path: string, blob: Blob): Promise<string> {
  if (blob.size > MAX_TEXT) {
    const message = `${path}: expected a text of at most ${MAX_TEXT} bytes, got ${blob.size}`;
    throw new WebVeraError('limit_exceeded', message, {
      hint: 'A text is one example: only its beginning is read anyway.',
    });
  }
  const text = await blob.text().catch((cause: unknown) => {
    throw new WebVeraError('invalid_format', `${path}: expected a file that can be read`, {
      hint: 'Has it changed since it was chosen? Choose the folder again.',
      cause,
    });
  });
  if (!text.includes('\0')) return text;
  throw new WebVeraError('invalid_format', `${path}: expected text, got a file of another kind`, {
    hint: 'Save it as plain text first: documents hold more than words.',
  });
}

function expectOneKind(files: readonly { readonly kind: FileKind }[]): void {
  const images = files.filter(({ kind }) => kind === 'image').length;
  const texts = files.length - images;
  if (images === 0 || texts === 0) return;
  const message = `labelledFiles: expected either texts or images, got ${texts} texts and ${images} images`;
  throw new WebVeraError('invalid_argument', message, {
    hint: "Pass those of one kind: [...files].filter(({ type }) => type.startsWith('image/')).",
  });
}

function noFiles(leftOut: readonly string[]): WebVeraError {
  const got = leftOut.length === 0 ? 'none' : `${leftOut.length} others (${shown(leftOut)})`;
  return new WebVeraError('invalid_argument', `labelledFiles: expected texts or images, got ${got}`, {
    hint: 'Texts end with .txt or .md, and images with .png, .jpg, .jpeg, .webp, .gif, .bmp or .avif.',
  });
}

function noFolders(leftOut: readonly string[]): WebVeraError {
  const message = `labelledFiles: expected files in a folder for each label, got all in one (${shown(leftOut)})`;
  return new WebVeraError('invalid_argument', message, {
    hint: "Choose the folder around those named as labels, such as 'ham' and 'spam'. Files that are dropped have no folders: pass a Map of Blobs by their paths.",
  });
}

function shown(paths: readonly string[]): string {
  const first = paths.slice(0, SHOWN).map((path) => (path.length > 60 ? `…${path.slice(-60)}` : path));
  return [...first, ...(paths.length > SHOWN ? [`and ${paths.length - SHOWN} more`] : [])].join(', ');
}
