import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { folderFiles } from '../../helpers/golden/golden';

/** Returns the path of a golden base model such as base/llama, for Python. */
export function basePath(base: string): string {
  return fileURLToPath(new URL(`../../golden/${base}/`, import.meta.url));
}

/** Folders that both sides read and write. They are removed after the file's last test. */
export class Folders {
  readonly #root = mkdtempSync(join(tmpdir(), 'webvera-peft-'));
  #count = 0;

  constructor() {
    afterAll(() => rmSync(this.#root, { recursive: true, force: true }));
  }

  /** Creates an empty folder. */
  make(): string {
    const folder = join(this.#root, String(this.#count++));
    mkdirSync(folder);
    return folder;
  }

  /** Creates a folder with these files. */
  async write(files: Iterable<readonly [name: string, file: Blob]>): Promise<string> {
    const folder = this.make();
    for (const [name, blob] of files) writeFileSync(join(folder, name), new Uint8Array(await blob.arrayBuffer()));
    return folder;
  }
}

/** Returns a folder's files in the form in which a page passes dropped files. */
export function droppedFiles(folder: string): { readonly files: Map<string, Blob> } {
  return folderFiles(new URL(`file://${folder}/`));
}
