import { create } from './dom';

/** How long a browser may take to begin a download, in milliseconds. */
const KEPT = 60_000;

/** Hands files to the browser's downloads. */
export function saveFiles(files: ReadonlyMap<string, Blob>): void {
  for (const [download, blob] of files) {
    const href = URL.createObjectURL(blob);
    create('a', { href, download }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEPT);
  }
}
