import { WebVeraError } from '../core/errors/error';
import { wrong } from '../page/session/options';
import { openBlob } from './open_blob';

/**
 * Opens a folder on this machine, in Node, Deno or Bun, as the source of a model or an adapter: `from_pretrained(await
 * openFolder('model'))`. Its files are read in pieces when they are needed; in Deno, they are read completely at once. Subfolders are
 * ignored, except those of sentence-transformers' modules, such as 1_Pooling.
 *
 * Rejects with `not_found` if the folder does not exist or has no files.
 */
export async function openFolder(path: string | URL): Promise<{ readonly files: ReadonlyMap<string, Blob> }> {
  const isAddress = path instanceof URL || /^file:/i.test(String(path));
  const invalid = (): WebVeraError =>
    wrong('openFolder', "a folder's path or its file: address", path instanceof URL ? path.href : path);
  if (!(path instanceof URL ? path.protocol === 'file:' : typeof path === 'string' && path !== '')) throw invalid();
  const { process } = globalThis as { process?: NodeJS.Process };
  if (process?.getBuiltinModule === undefined) {
    throw new WebVeraError('invalid_argument', 'openFolder: expected Node or Deno, got a thread without files', {
      hint: 'In a page, pass files that the visitor chose as { files }: a Map of Blobs by name.',
    });
  }
  // Bundlers would try to resolve an import of Node's modules, but they ignore `getBuiltinModule`.
  const { getBuiltinModule } = process;
  const { promises } = getBuiltinModule('node:fs');
  const { join } = getBuiltinModule('node:path');
  let folder = String(path);
  try {
    if (isAddress) folder = getBuiltinModule('node:url').fileURLToPath(path);
  } catch {
    throw invalid(); // an address of another machine, for example
  }
  const entries = await promises.readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such folder' : `it can't be read as one (${cause.code})`;
    throw missing(folder, reason, cause);
  });
  const files = new Map<string, Blob>();
  const inModules = entries
    .filter((name) => /^\d+_\w+$/.test(name))
    .map(async (name) => {
      const inner = await promises.readdir(join(folder, name)).catch(() => []);
      return inner.map((file) => `${name}/${file}`);
    });
  for (const name of [...entries, ...(await Promise.all(inModules)).flat()]) {
    const file = join(folder, name);
    // A symbolic link is followed, if its target exists: model caches contain many links.
    const found = await promises.stat(file).catch(() => undefined);
    if (found?.isFile()) files.set(name, await openBlob(process, file, found.size));
  }
  if (files.size === 0) throw missing(folder, 'there is no file in it');
  return { files };
}

function missing(folder: string, what: string, cause?: unknown): WebVeraError {
  return new WebVeraError('not_found', `Expected a folder with files at ${folder}, but ${what}`, {
    hint: 'Relative paths begin at the working directory of the process.',
    detail: { folder },
    cause,
  });
}
