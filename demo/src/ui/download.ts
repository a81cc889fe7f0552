import type { AdapterFiles } from 'webvera';
import { create } from './dom';

/** How long a browser may take to begin a download. */
const KEPT_MS = 60_000;

/** Hands the two files to the browser's downloads, under the names that PEFT looks for. */
export function downloadFiles(files: AdapterFiles): void {
  for (const [download, blob] of Object.entries(files)) {
    const href = URL.createObjectURL(blob as Blob);
    create('a', { href, download }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEPT_MS);
  }
}
