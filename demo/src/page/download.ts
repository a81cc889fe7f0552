import type { AdapterFiles } from 'webvera';
import { create } from './dom';

/** How long a browser may take to begin a download. */
const KEPT_MS = 60_000;

/** Hands the two files to the browser's downloads, under the names that PEFT looks for. */
export function downloadFiles(files: AdapterFiles): void {
  for (const [name, blob] of Object.entries(files)) downloadFile(name, blob as Blob);
}

export function downloadFile(download: string, blob: Blob): void {
  const href = URL.createObjectURL(blob);
  create('a', { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), KEPT_MS);
}
