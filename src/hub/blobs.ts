import { WebVeraError } from '../core/errors/error';
import type { ByteStream, FileSource } from '../core/input/file_source';
import { type Progress, tracked } from './progress';

interface BlobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
}

/** The number of bytes that are read from a file at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Returns a source of files that the visitor chose, by name. */
export function blobFolder(
  name: string,
  files: ReadonlyMap<string, Blob>,
  { signal, progress }: BlobOptions,
): FileSource {
  return {
    name,
    location: 'the given files',
    expect: (bytes) => progress.expect(bytes),
    cachedBytes: async (file) => files.get(file)?.size ?? 0,
    async open(file) {
      signal?.throwIfAborted();
      const blob = files.get(file);
      return blob && tracked(blobStream(file, blob, signal), () => progress.start(file, blob.size), signal);
    },
  };
}

function blobStream(file: string, blob: Blob, signal: AbortSignal | undefined): ByteStream {
  let position = 0;
  return {
    size: blob.size,
    async read() {
      if (position === blob.size) return undefined;
      const chunk = await blob
        .slice(position, position + CHUNK_BYTES)
        .arrayBuffer()
        .catch(unreadable);
      signal?.throwIfAborted();
      if (chunk.byteLength === 0) unreadable(new RangeError(`The file ends before its ${blob.size} bytes`));
      position += chunk.byteLength;
      return new Uint8Array(chunk);
    },
    async cancel() {},
  };

  /** Throws `not_found`: browsers refuse to read a file that was changed, moved or deleted since it was chosen. */
  function unreadable(cause: unknown): never {
    throw new WebVeraError('not_found', `${file}: expected to continue after ${position} bytes`, {
      hint: 'The file was deleted or changed after it was chosen; choose it again.',
      detail: { file },
      cause,
    });
  }
}
