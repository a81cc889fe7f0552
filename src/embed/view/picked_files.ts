import { WebVeraError } from '../../index';
import { onChosen, onDrops } from '../../parts/files';
import { drawSquare, MOST_PICTURE_BYTES } from '../../parts/pictures';
import { create } from './panel_elements';

/** Calls `take` with files that are chosen in a picker, dropped on a region or, with `pastes`, pasted into the region. */
export function takeFiles(
  region: HTMLElement,
  picker: HTMLInputElement,
  take: (files: readonly [File, ...File[]]) => void,
  { pastes = false }: { readonly pastes?: boolean } = {},
): void {
  const takeAny = ([file, ...others]: Iterable<File> = []): void => {
    if (file !== undefined) take([file, ...others]);
  };
  onChosen(picker, take);
  onDrops(region, (event) => {
    event.preventDefault();
    takeAny(event.dataTransfer?.files);
  });
  if (pastes) region.addEventListener('paste', ({ clipboardData }) => takeAny(clipboardData?.files));
}

/** The edge of a thumbnail in pixels. */
const SIDE = 96;

/**
 * Draws the middle square of a picture on a canvas, because the page's Content Security Policy may forbid `blob:` images. Resolves with
 * undefined if the file is too large or the browser can't read it.
 */
export async function thumbnailOf(file: Blob, name: string): Promise<HTMLCanvasElement | undefined> {
  if (file.size > MOST_PICTURE_BYTES) return undefined;
  const source = await createImageBitmap(file).catch(() => undefined);
  if (source === undefined) return undefined;
  const canvas = create('canvas', { width: SIDE, height: SIDE, attributes: { role: 'img', 'aria-label': name } });
  const context = canvas.getContext('2d');
  if (context !== null) drawSquare(context, { source, width: source.width, height: source.height }, SIDE);
  source.close();
  return canvas;
}

export function unreadable(name: string): string {
  return `${name} is no picture that this browser can read, or larger than 20 MB.`;
}

/**
 * Returns the files by name, without the number that browsers append if the same file is downloaded again: 'profile (1).json'. Throws
 * `invalid_argument` for two files with the same name.
 */
export function byName(files: readonly File[]): ReadonlyMap<string, File> {
  const named = new Map(files.map((file) => [file.name.replace(/ ?\(\d+\)(?=\.[a-z]+$)/i, ''), file]));
  if (named.size === files.length) return named;
  throw new WebVeraError('invalid_argument', 'Import: expected the files of one export, got two files of one name', {
    hint: 'Choose the files of the latest export alone.',
  });
}
