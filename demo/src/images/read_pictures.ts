import { labelledFiles } from 'webvera';
import type { Arrivals } from '../classes/app';
import type { Labelled } from '../classes/class_set';
import { ChoiceProblem } from '../library/choice_problem';
import { evenly } from '../library/evenly';
import { pngOf, readSquare } from './picture';

/** Reads at most `most` pictures, spread evenly, from files by their paths. If there are several folders, their names are the labels. */
export async function readPictures(files: ReadonlyMap<string, File>, most: number): Promise<Arrivals<Blob>> {
  const images = new Map([...files].filter(([, { type }]) => type.startsWith('image/')));
  if (images.size === 0) throw new ChoiceProblem('There are no pictures among these files.');
  const folders = new Set([...images.keys()].map((path) => path.slice(0, path.lastIndexOf('/') + 1)));
  if (folders.size === 1) {
    const others: Blob[] = [];
    for (const [path, file] of evenly([...images], most)) others.push(await pngOf(await readSquare(file, path)));
    return { labelled: [], others, all: images.size };
  }
  const found: { readonly image: Blob; readonly label: string }[] = [];
  for await (const file of labelledFiles(images)) if ('image' in file) found.push(file);
  const labelled: Labelled<Blob>[] = [];
  for (const { image, label } of evenly(found, most)) {
    labelled.push({ label, content: await pngOf(await readSquare(image, `A picture of “${label}”`)) });
  }
  return { labelled, others: [], all: found.length };
}
