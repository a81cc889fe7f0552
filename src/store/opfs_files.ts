import type { ByteFiles, ByteWriter } from './byte_files';
import { StoreError } from './store_error';

/** The folder's name in the root of the origin private file system. */
const FOLDER = 'webvera';

/** A handle for synchronous writes at any offset. TypeScript declares it only in its library for workers. */
interface SyncAccessHandle {
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
type FileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

/** Files in the origin private file system. Writing needs synchronous access handles, which only workers have. */
export class OpfsFiles implements ByteFiles {
  readonly #root: () => Promise<FileSystemDirectoryHandle>;

  constructor(root: () => Promise<FileSystemDirectoryHandle>) {
    this.#root = root;
  }

  write(name: string): Promise<ByteWriter> {
    return known(async () => {
      const file = (await (await this.#folder()).getFileHandle(name, { create: true })) as FileHandle;
      return writerOf(await file.createSyncAccessHandle());
    });
  }

  read(name: string, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return known(async () => {
      try {
        const file = await (await (await this.#folder()).getFileHandle(name)).getFile();
        return new Uint8Array(await file.slice(begin, end).arrayBuffer());
      } catch (error) {
        if (isNamed(error, 'NotFoundError', 'NotReadableError')) return new Uint8Array(0);
        throw error;
      }
    });
  }

  delete(name: string): Promise<void> {
    return known(async () => {
      try {
        await (await this.#folder()).removeEntry(name);
      } catch (error) {
        if (!isNamed(error, 'NotFoundError')) throw error;
      }
    });
  }

  /** Opens the folder. Each call opens it again, because clearing the site's data deletes the folder. */
  async #folder(): Promise<FileSystemDirectoryHandle> {
    return (await this.#root()).getDirectoryHandle(FOLDER, { create: true });
  }
}

function writerOf(handle: SyncAccessHandle): ByteWriter {
  return {
    write: (bytes, at) =>
      known(async () => {
        const written = handle.write(bytes, { at });
        // If the disk is full, Chromium doesn't throw: it reports 2³² − 8 written bytes and leaves a file that is too short.
        if (written !== bytes.length || handle.getSize() < at + bytes.length) {
          throw new StoreError('storage_full', `Storage is full: no room for ${bytes.length} bytes more`);
        }
        // An earlier content may have been longer.
        handle.truncate(at + bytes.length);
        handle.flush();
      }),
    close: async () => handle.close(),
  };
}

async function known<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (isNamed(error, 'NoModificationAllowedError')) {
      throw new StoreError('locked_by_other_tab', `A file is being written elsewhere: ${text}`, { cause: error });
    }
    const code = isNamed(error, 'QuotaExceededError') ? 'storage_full' : 'storage_unavailable';
    throw new StoreError(code, `Storage failed: ${text}`, { cause: error });
  }
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** Returns undefined if this thread can't write to the origin private file system. */
export function openByteFiles(): ByteFiles | undefined {
  const { FileSystemFileHandle: handle } = globalThis as { FileSystemFileHandle?: { readonly prototype: object } };
  if (handle === undefined || !('createSyncAccessHandle' in handle.prototype)) return undefined;
  return new OpfsFiles(() => navigator.storage.getDirectory());
}
