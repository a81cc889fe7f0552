import { WebVeraError } from '../../core/errors/error';
import { shownList } from '../../core/errors/shown_list';
import { type Files, isList, listedFiles } from '../../core/input/named_files';

/** A file as an example: its content, and its folder's name as the label. */
export type LabelledFile =
  | { readonly text: string; readonly label: string }
  | { readonly image: Blob; readonly label: string };

/** Labelled files of one kind, in the order of their paths. Each iteration reads them again, so that several runs can use them. */
export interface LabelledFiles extends AsyncIterable<LabelledFile> {
  /** The folders' names, sorted, for `id2label`. */
  readonly labels: readonly string[];
  /** The number of files. */
  readonly length: number;
  /** Paths of files that were left out: files of other kinds, and files that aren't in a label's folder. Hidden files aren't listed. */
  readonly leftOut: readonly string[];
}

/** The largest size of a text file, in bytes. */
const MAX_TEXT = 2 ** 24;
/** The largest number of paths that an error message lists. */
const SHOWN = 3;

/**
 * Makes examples from files, labelled by the folder that each file is in. Takes the files of `<input type="file" webkitdirectory>`, or
 * Blobs by path. Texts (.txt, .md, or without an extension) become { text, label }; images (.png, .jpg, .jpeg, .webp, .gif, .bmp, .avif)
 * become { image, label }. A Blob's type has priority over its name's extension. Hidden files are skipped. Files directly in the folder
 * that contains all others have no label, and are left out.
 *
 * Throws `invalid_argument` if there are no such files, none of them is in a label's folder, or there are both texts and images. Iterating
 * throws `invalid_format` for a file that can't be read or isn't text in UTF-8, and `limit_exceeded` for a text of more than 16 MiB.
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
  expectOneKind(taken, files);
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
  /** The path, with '/' between its parts. */
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

/** Returns the folder's name in the Unicode form NFC, because some systems store accents as separate characters. */
function labelOf(path: string): string {
  return folderOf(path).split('/').at(-1)?.normalize('NFC') ?? '';
}

/** Returns the innermost folder that contains all paths. */
function commonFolder([first = '', ...others]: readonly string[]): string {
  let common = folderOf(first);
  for (const path of others) while (common !== '' && !path.startsWith(`${common}/`)) common = folderOf(common);
  return common;
}

/** Compares by code units, so that the order is the same for every language setting. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function textOf(path: string, blob: Blob): Promise<string> {
  if (blob.size > MAX_TEXT) {
    const message = `${path}: expected a text of at most ${MAX_TEXT} bytes, got ${blob.size}`;
    throw new WebVeraError('limit_exceeded', message, {
      hint: 'A text is one example, and only its beginning is used. Shorten it or split it into files.',
    });
  }
  const bytes = await blob.arrayBuffer().catch((cause: unknown) => {
    throw new WebVeraError('invalid_format', `${path}: expected a file that can be read`, {
      hint: 'Has it changed since it was chosen? Choose the folder again.',
      cause,
    });
  });
  const text = textIn(bytes);
  if (text !== undefined) return text;
  throw new WebVeraError('invalid_format', `${path}: expected text in UTF-8, got a file of another kind or encoding`, {
    hint: 'Save it as plain text in UTF-8 first: documents hold more than words.',
  });
}

/** Decodes UTF-8. Returns undefined for other bytes, and for zeros, which other kinds of files contain. */
function textIn(bytes: ArrayBuffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The kinds of files that examples are made of. */
type FileKind = 'text' | 'image';

const TEXT_TYPE = /^text\/(?:plain|markdown)\b/i;
const TEXT_NAME = /\.(?:txt|text|md|markdown)$/i;
const IMAGE_TYPE = /^image\/(?:png|jpeg|webp|gif|bmp|avif)\b/i;
const IMAGE_NAME = /\.(?:png|jpe?g|webp|gif|bmp|avif)$/i;

/**
 * Returns the kind of a file, by its type or else by its name. Files without an extension count as text, because data sets often have them.
 */
function kindOf(path: string, { type }: Blob): FileKind | undefined {
  if (TEXT_TYPE.test(type)) return 'text';
  if (IMAGE_TYPE.test(type)) return 'image';
  if (type !== '' && type !== 'application/octet-stream') return undefined;
  if (IMAGE_NAME.test(path)) return 'image';
  return TEXT_NAME.test(path) || !/\.[^/]*$/.test(path) ? 'text' : undefined;
}

/** Whether a file is hidden or was added by the operating system. */
function isJunk(path: string): boolean {
  const parts = path.split('/');
  return (
    parts.some((part) => part.startsWith('.') || part === '__MACOSX') ||
    /^(?:thumbs\.db|desktop\.ini)$/i.test(parts.at(-1) ?? '')
  );
}

function expectOneKind(taken: readonly { readonly kind: FileKind }[], given: Files): void {
  const images = taken.filter(({ kind }) => kind === 'image').length;
  const texts = taken.length - images;
  if (images === 0 || texts === 0) return;
  const message = `labelledFiles: expected either texts or images, got ${texts} texts and ${images} images`;
  throw new WebVeraError('invalid_argument', message, {
    hint: `Pass the texts alone or the images alone: ${imagesOf(given)}.`,
  });
}

/** Returns JavaScript code, for a hint, that selects the images in `files`: a list, a Map or an object. */
function imagesOf(files: Files): string {
  const filter = (name: string): string => `.filter((${name}) => ${IMAGE_NAME}.test(name))`;
  if (isList(files)) return `[...files]${filter('{ name }')}`;
  return `new Map(${files instanceof Map ? '[...files]' : 'Object.entries(files)'}${filter('[name]')})`;
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
    hint: "Choose the folder that contains one folder for each label, such as 'ham' and 'spam'. Dropped files have no folders: pass a Map of Blobs by their paths.",
  });
}

function shown(paths: readonly string[]): string {
  return shownList(paths, SHOWN, (path) => (path.length > 60 ? `…${path.slice(-60)}` : path));
}
