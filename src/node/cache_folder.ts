import { parseJson } from '../core/input/nesting';
import type { BlobStore, Condition, Stored } from '../store/blob_store';
import type { ByteFiles, ByteWriter } from '../store/byte_files';
import { StoreError } from '../store/store_error';

/** The storage for cached downloads on this machine: bytes, and a small record file for each. */
export interface CacheFolder {
  readonly records: BlobStore;
  readonly files: ByteFiles;
}

// Bundlers would try to resolve an import of Node's modules; they ignore this call.
const fileSystem = (process: NodeJS.Process) => process.getBuiltinModule('node:fs').promises;
type FileSystem = ReturnType<typeof fileSystem>;

/** The folder that `WEBVERA_CACHE` names. It is created on the first write. Undefined if the variable isn't set. */
export function cacheFolder(): CacheFolder | undefined {
  const { process } = globalThis as { process?: NodeJS.Process };
  const path = process?.env?.WEBVERA_CACHE;
  if (process?.getBuiltinModule === undefined || path === undefined || path === '') return undefined;
  const promises = fileSystem(process);
  const { join } = process.getBuiltinModule('node:path');
  const { createHash } = process.getBuiltinModule('node:crypto');
  const nameOf = (key: string): string => join(path, `${createHash('sha256').update(key).digest('hex')}.json`);
  return {
    records: new JsonFiles(promises, path, nameOf),
    files: new BinaryFiles(promises, path, (name) => join(path, `${name}.bin`)),
  };
}

/** Values as JSON, each in a file with its key. */
class JsonFiles implements BlobStore {
  readonly persistent = true;
  readonly #system: FileSystem;
  readonly #folder: string;
  readonly #nameOf: (key: string) => string;

  constructor(system: FileSystem, folder: string, nameOf: (key: string) => string) {
    this.#system = system;
    this.#folder = folder;
    this.#nameOf = nameOf;
  }

  async get(key: string): Promise<Stored | undefined> {
    return (await this.#read(this.#nameOf(key)))?.value;
  }

  async setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void> {
    condition?.check(await this.get(condition.key));
    await known(async () => {
      await this.#system.mkdir(this.#folder, { recursive: true });
      for (const [key, value] of entries) {
        // Written to a new file and renamed, so that the write is atomic.
        const name = this.#nameOf(key);
        const fresh = `${name}.${crypto.randomUUID()}`;
        await this.#system.writeFile(fresh, JSON.stringify({ key, value }), { flush: true });
        await this.#system.rename(fresh, name);
      }
    });
  }

  async replace(key: string, value: Stored): Promise<Stored | undefined> {
    const before = await this.get(key);
    await this.setMany([[key, value]]);
    return before;
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return known(async () => {
      for (const key of keys) await this.#system.rm(this.#nameOf(key), { force: true });
    });
  }

  async keys(): Promise<readonly string[]> {
    const names = await this.#system.readdir(this.#folder).catch(() => []);
    const paths = names.filter((name) => name.endsWith('.json')).map((name) => `${this.#folder}/${name}`);
    const found = await Promise.all(paths.map((path) => this.#read(path)));
    return found.flatMap((entry) => entry?.key ?? []).sort();
  }

  async close(): Promise<void> {}

  /** Undefined if the file is missing or can't be read. */
  async #read(path: string): Promise<{ readonly key: string; readonly value: Stored } | undefined> {
    try {
      const entry: unknown = parseJson(await this.#system.readFile(path, 'utf8'));
      const isEntry = typeof entry === 'object' && entry !== null && 'value' in entry && 'key' in entry;
      return isEntry && typeof entry.key === 'string' ? { key: entry.key, value: entry.value } : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Binary files. Damage by another process that writes the same file is found by the hashes. */
class BinaryFiles implements ByteFiles {
  readonly #system: FileSystem;
  readonly #folder: string;
  readonly #pathOf: (name: string) => string;
  readonly #written = new Set<string>();

  constructor(system: FileSystem, folder: string, pathOf: (name: string) => string) {
    this.#system = system;
    this.#folder = folder;
    this.#pathOf = pathOf;
  }

  async write(name: string): Promise<ByteWriter> {
    if (this.#written.has(name)) throw new StoreError('locked_by_other_tab', `${name} is being written`);
    this.#written.add(name);
    try {
      const handle = await known(async () => {
        await this.#system.mkdir(this.#folder, { recursive: true });
        // Creates the file if it is missing, and leaves an existing one unchanged.
        await (await this.#system.open(this.#pathOf(name), 'a')).close();
        return this.#system.open(this.#pathOf(name), 'r+');
      });
      return {
        write: (bytes, at) =>
          known(async () => {
            for (let done = 0; done < bytes.length; ) {
              done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
            }
            await handle.datasync();
          }),
        close: async () => {
          this.#written.delete(name);
          await handle.close();
        },
      };
    } catch (error) {
      this.#written.delete(name);
      throw error;
    }
  }

  read(name: string, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return known(async () => {
      const handle = await this.#system.open(this.#pathOf(name)).catch(() => undefined);
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
    });
  }

  delete(name: string): Promise<void> {
    return known(() => this.#system.rm(this.#pathOf(name), { force: true }));
  }
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
