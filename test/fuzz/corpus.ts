import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, 'corpus');

/** Returns a target's seed inputs, by file name. */
export function corpusOf(target: string): ReadonlyMap<string, Uint8Array> {
  const folder = join(root, target);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}
