import { labelledFiles } from 'webvera';
import type { Arrivals } from '../classes/app';
import type { Labelled } from '../classes/class_set';
import { ChoiceProblem } from '../library/choice_problem';
import { evenly } from '../library/evenly';
import { pngOf, readSquare } from './picture';

/** Pictures to add. `unreadable`: the number of pictures that can't be read. `unlabelled`: the number outside the classes' folders. */
export interface ReadPictures extends Arrivals<Blob> {
  readonly unreadable: number;
  readonly unlabelled: number;
}

export interface ReadOptions {
  /** The most pictures to take. */
  readonly most: number;
  /** Ends the reading early. The pictures that were read until then are added. */
  readonly signal: AbortSignal;
  onRead(done: number, all: number): void;
}

/**
 * Reads at most `most` pictures from `files`, whose keys are the files' paths. If there are more, skips some at regular distances. If there
 * are several folders, their names are the labels. Throws `ChoiceProblem` if no picture can be read.
 */
export async function readPictures(files: ReadonlyMap<string, File>, options: ReadOptions): Promise<ReadPictures> {
  const images = new Map([...files].filter(([path, { type }]) => isPicture(path, type)));
  if (images.size === 0) throw new ChoiceProblem('There are no pictures among these files.');
  const folders = new Set([...images.keys()].map((path) => path.slice(0, path.lastIndexOf('/') + 1)));
  if (folders.size === 1) {
    const found = [...images].map(([name, image]) => ({ name, image }));
    const { read, ...counts } = await readEach(found, options);
    return { labelled: [], others: read.map(({ content }) => content), unlabelled: 0, ...counts };
  }
  const { found, unlabelled } = await labelledPictures(images);
  const { read, ...counts } = await readEach(found, options);
  const labelled: Labelled<Blob>[] = read.map(({ from: { label }, content }) => ({ label, content }));
  return { labelled, others: [], unlabelled, ...counts };
}

/** Whether a file is a picture, by its type or else by its name, because some systems don't know the types of newer formats. */
function isPicture(path: string, type: string): boolean {
  const name = /\.(?:png|jpe?g|webp|gif|bmp|avif|hei[cf]|tiff?|svg|jxl)$/i;
  return type.startsWith('image/') || (type === '' && name.test(path));
}

interface LabelledPicture {
  readonly name: string;
  readonly image: Blob;
  readonly label: string;
}

/**
 * Labels pictures by their folders. `labelledFiles` leaves out formats that few browsers read, so it is given an empty PNG under each
 * picture's path.
 */
async function labelledPictures(
  images: ReadonlyMap<string, File>,
): Promise<{ readonly found: readonly LabelledPicture[]; readonly unlabelled: number }> {
  const shown = [...images].map(([path, image]) => ({ path, image, as: new Blob([], { type: 'image/png' }) }));
  const originals = new Map<Blob, File>(shown.map(({ as, image }) => [as, image]));
  const found: LabelledPicture[] = [];
  const files = labelledFiles(new Map(shown.map(({ path, as }) => [path, as])));
  for await (const file of files) {
    const image = 'image' in file ? originals.get(file.image) : undefined;
    if (image !== undefined) found.push({ image, label: file.label, name: `A picture of “${file.label}”` });
  }
  return { found, unlabelled: files.leftOut.length };
}

/** Reads at most `most` of the pictures. Leaves out those that the browser can't read; throws if it can read none. */
async function readEach<Found extends { readonly name: string; readonly image: Blob }>(
  found: readonly Found[],
  { most, signal, onRead }: ReadOptions,
): Promise<{
  readonly read: readonly { readonly from: Found; readonly content: Blob }[];
  readonly all: number;
  readonly unreadable: number;
}> {
  const read: { readonly from: Found; readonly content: Blob }[] = [];
  const problems: unknown[] = [];
  const chosen = evenly(found, most);
  for (const [index, from] of chosen.entries()) {
    if (signal.aborted) break;
    onRead(index, chosen.length);
    try {
      read.push({ from, content: await pngOf(await readSquare(from.image, from.name)) });
    } catch (error) {
      if (!(error instanceof ChoiceProblem)) throw error;
      problems.push(error);
    }
  }
  if (read.length === 0 && problems.length > 0) throw problems[0];
  // If the visitor stopped the reading, the unread pictures don't count as left out for lack of room.
  const all = signal.aborted ? read.length : found.length - problems.length;
  return { read, all, unreadable: problems.length };
}
