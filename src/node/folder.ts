import { WebVeraError } from '../core/error';
import { wrong } from '../page/options';

/**
 * A folder on this machine, in Node or Deno: the source of a model or an adapter, as `from_pretrained(await openFolder('model'))`
 * takes it. Its files are read when they are needed, piece by piece; folders in it are left out.
 *
 * Rejects with `not_found` where there is no such folder, or no file in it.
 */
export async function openFolder(path: string | URL): Promise<{ readonly files: ReadonlyMap<string, Blob> }> {
  if (!(path instanceof URL) && (typeof path !== 'string' || path === '')) {
    throw wrong('openFolder', "a folder's path or its file: address", path);
  }
  const { process } = globalThis as { process?: NodeJS.Process };
  if (process?.getBuiltinModule === undefined) {
    throw new WebVeraError('invalid_argument', 'openFolder: expected Node or Deno, got a thread without files', {
      hint: 'Pages take files from their visitors as { files }: a Map of Blobs by name.',
    });
  }
  // Asked for like this, Node's own modules are none that a bundler would look for.
  const { getBuiltinModule } = process;
  const { openAsBlob, promises } = getBuiltinModule('node:fs');
  const { join } = getBuiltinModule('node:path');
  const folder = path instanceof URL ? getBuiltinModule('node:url').fileURLToPath(path) : path;
  const entries = await promises.readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw missing(folder, 'there is no such folder', cause);
  });
  const files = new Map<string, Blob>();
  for (const { name } of entries) {
    const file = join(folder, name);
    // A link counts as what it leads to: model caches are full of them.
    if ((await promises.stat(file)).isFile()) files.set(name, await openAsBlob(file));
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
