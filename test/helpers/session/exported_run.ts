import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesOf } from './session';

/** Writes the files of an exported run into a folder. */
export async function writeFolder(folder: string, files: ReadonlyMap<string, Blob>): Promise<void> {
  for (const [path, blob] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await bytesOf(blob));
  }
}

export async function jsonOf(files: ReadonlyMap<string, Blob>, path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await textOf(files, path));
}

export async function textOf(files: ReadonlyMap<string, Blob>, path: string): Promise<string> {
  const blob = files.get(path);
  if (blob === undefined) throw new Error(`there is no ${path} among ${[...files.keys()].join(', ')}`);
  return blob.text();
}
