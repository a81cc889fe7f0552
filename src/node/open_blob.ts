import { LargeFile } from './large_file';

/** Node's own Blobs report a wrong size for files of this many bytes and more, because they count bytes in 32 bits. */
const LARGE = 2 ** 32;

type Builtins = Pick<NodeJS.Process, 'getBuiltinModule'>;

/**
 * Opens a file as a Blob that reads it in pieces. Deno can't send such a Blob to a worker, so there the Blob has the whole file in memory.
 */
export async function openBlob(process: Builtins, file: string, size: number): Promise<Blob> {
  const { openAsBlob, promises } = process.getBuiltinModule('node:fs');
  if ('Deno' in globalThis) return new Blob([await promises.readFile(file)]);
  return size < LARGE
    ? openAsBlob(file)
    : new LargeFile((position, length) => readAt(process, file, position, length), size);
}

/** Reads `length` bytes of a file, beginning at `position`. Rejects if the file has become shorter. */
async function readAt(
  { getBuiltinModule }: Builtins,
  file: string,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await getBuiltinModule('node:fs').promises.open(file);
  try {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
      if (bytesRead === 0) throw new RangeError(`${file} ends after ${position + at} bytes`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
