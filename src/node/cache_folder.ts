import { parseJson } from '../core/input/nesting';
import type { Records, Stored } from '../store/blob_store';
import type { ByteFiles } from '../store/byte_files';
import { StoreError } from '../store/store_error';

/** The storage for cached downloads on this machine: binary files, and a small JSON file that describes each of them. */
export interface CacheFolder {
  readonly records: Records;
  readonly files: ByteFiles;
}

// Bundlers would try to resolve an import of Node's modules, but they ignore `getBuiltinModule`.
const fileSystem = (process: NodeJS.Process) => process.getBuiltinModule('node:fs').promises;
type FileSystem = ReturnType<typeof fileSystem>;

/**
 * Returns the storage in the folder that `WEBVERA_CACHE` names, which is created on the first write; undefined if the variable isn't set.
 */
export function cacheFolder(): CacheFolder | undefined {
  const { process } = globalThis as { process?: NodeJS.Process };
  const name = process?.env?.WEBVERA_CACHE;
  if (process?.getBuiltinModule === undefined || name === undefined || name === '') return undefined;
  const promises = fileSystem(process);
  const { join, resolve } = process.getBuiltinModule('node:path');
  const path = resolve(name); // the program may change its working directory later
  const { createHash } = process.getBuiltinModule('node:crypto');
  const nameOf = (key: string): string => join(path, `${createHash('sha256').update(key).digest('hex')}.json`);
  return {
    records: jsonFiles(promises, path, nameOf),
    files: binaryFiles(promises, path, (name) => join(path, `${name}.bin`)),
  };
}

/** Stores values as JSON, each in its own file together with its key. */
function jsonFiles(system: FileSystem, folder: string, nameOf: (key: string) => string): Records {
  /** Reads a JSON file. Returns undefined if the file is missing, unreadable or malformed. */
  const read = async (path: string): Promise<{ readonly key: string; readonly value: Stored } | undefined> => {
    try {
      const entry: unknown = parseJson(await system.readFile(path, 'utf8'));
      const isEntry = typeof entry === 'object' && entry !== null && 'value' in entry && 'key' in entry;
      return isEntry && typeof entry.key === 'string' ? { key: entry.key, value: entry.value } : undefined;
    } catch {
      return undefined;
    }
  };
  const get = async (key: string): Promise<Stored | undefined> => (await read(nameOf(key)))?.value;
  const setMany: Records['setMany'] = async (entries, condition) => {
    condition?.check(await get(condition.key));
    await known(async () => {
      await system.mkdir(folder, { recursive: true });
      for (const [key, value] of entries) {
        // The entry is written to a new file, which is then renamed, so that the write is atomic.
        const name = nameOf(key);
        const fresh = `${name}.${crypto.randomUUID()}`;
        try {
          await system.writeFile(fresh, JSON.stringify({ key, value }), { flush: true });
          await system.rename(fresh, name);
        } catch (error) {
          await system.rm(fresh, { force: true }); // a part of it lies there if the disk is full
          throw error;
        }
      }
    });
  };
  return {
    persistent: true,
    get,
    setMany,
    async replace(key, value) {
      const before = await get(key);
      await setMany([[key, value]]);
      return before;
    },
    deleteMany: (keys) =>
      known(async () => {
        for (const key of keys) await system.rm(nameOf(key), { force: true });
      }),
    async keys() {
      const names = await system.readdir(folder).catch(() => []);
      const paths = names.filter((name) => name.endsWith('.json')).map((name) => `${folder}/${name}`);
      const found = await Promise.all(paths.map(read));
      return found.flatMap((entry) => entry?.key ?? []).sort();
    },
    async close() {},
  };
}

/**
 * Stores binary files. If another process writes the same file and damages it, the hashes in the JSON file that describes it reveal this.
 */
function binaryFiles(system: FileSystem, folder: string, pathOf: (name: string) => string): ByteFiles {
  const written = new Set<string>();
  const openToWrite = (name: string) =>
    known(async () => {
      await system.mkdir(folder, { recursive: true });
      // Creates the file if it is missing, and leaves an existing one unchanged.
      await (await system.open(pathOf(name), 'a')).close();
      return system.open(pathOf(name), 'r+');
    });
  return {
    async write(name) {
      if (written.has(name)) throw new StoreError('locked_by_other_tab', `${name} is being written`);
      written.add(name);
      const handle = await openToWrite(name).catch((error: unknown) => {
        written.delete(name);
        throw error;
      });
      return {
        write: (bytes, at) =>
          known(async () => {
            for (let done = 0; done < bytes.length; ) {
              done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
            }
            await handle.truncate(at + bytes.length);
            await handle.datasync();
          }),
        async close() {
          written.delete(name);
          await handle.close();
        },
      };
    },
    read: (name, begin, end) =>
      known(async () => {
        const handle = await system.open(pathOf(name)).catch(() => undefined);
        if (handle === undefined) return new Uint8Array(0);
        try {
          const bytes = new Uint8Array(end - begin);
          let done = 0;
          for (let count = -1; count !== 0 && done < bytes.length; done += count) {
            count = (await handle.read(bytes, done, bytes.length - done, begin + done)).bytesRead;
          }
          return bytes.subarray(0, done);
        } finally {
          await handle.close();
        }
      }),
    async delete(name) {
      if (written.has(name)) throw new StoreError('locked_by_other_tab', `${name} is being written`);
      await known(() => system.rm(pathOf(name), { force: true }));
    },
  };
}

async function known<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new StoreError(isFull ? 'storage_full' : 'storage_unavailable', `WEBVERA_CACHE: ${message}`, {
      cause: error,
    });
  }
}
