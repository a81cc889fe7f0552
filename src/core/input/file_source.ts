import { WebVeraError } from '../errors/error';
import { joinBytes } from './bytes';

/** A folder of model files: on the hub, at a URL, or among files that the visitor chose. */
export interface FileSource {
  /** The model's name in progress events and error messages: 'org/name', or the folder's name. */
  readonly name: string;
  /** The location of the files, for error messages. */
  readonly location: string;
  /**
   * Opens a file for reading, or returns `undefined` if the folder has no file of that name. Throws `offline`, `http_error`, `gated_repo`,
   * or `not_found` when the folder itself is missing.
   */
  open(file: string): Promise<ByteStream | undefined>;
  /** Sets the total number of bytes that will be read. Progress over all files is reported only after this call. */
  expect(bytes: number): void;
  /**
   * Whether the source can't know if the folder has this file: only cached files may be used, and the cache has neither the complete file
   * nor a record of its absence. A source that may always request files omits this method.
   */
  isUnknown?(file: string): Promise<boolean>;
  /** Records that the folder lacks this file. A source without a cache omits this method. */
  noteAbsence?(file: string): Promise<void>;
  /** Resolves with the number of a file's bytes that are cached and need no download. A source without a cache omits this method. */
  cachedBytes?(file: string): Promise<number>;
}

/** A file that is read once, from its start. Read it to the end or cancel it. */
export interface ByteStream {
  /** The size of the file in bytes; undefined if it isn't certain. */
  readonly size: number | undefined;
  /** Resolves with the next bytes, or with `undefined` at the end of the file. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

/** Like `source.open`, but throws `not_found` if the file does not exist. */
export async function openFile(source: FileSource, file: string): Promise<ByteStream> {
  const stream = await source.open(file);
  if (stream === undefined) throw missingFile(source, [file]);
  return stream;
}

/** Reads a small file completely. Throws `not_found`, and `limit_exceeded` as soon as the file turns out to exceed `limit` bytes. */
export async function readFile(source: FileSource, file: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return readWhole(await openFile(source, file), file, limit);
}

/** Like `readFile`, but returns `undefined` if the file does not exist. */
export async function readFileIfPresent(
  source: FileSource,
  file: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const stream = await source.open(file);
  return stream === undefined ? undefined : readWhole(stream, file, limit);
}

/**
 * Like `readFileIfPresent`, for a file that most folders lack. The status 403 counts as a missing file, because some servers send it for
 * missing files.
 */
export async function readRareFile(
  source: FileSource,
  file: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readFileIfPresent(source, file, limit);
  } catch (error) {
    if (!(error instanceof WebVeraError && error.detail.status === 403)) throw error;
    await source.noteAbsence?.(file);
    return undefined;
  }
}

/** Like `readRareFile`. If the source can't know whether the folder has the file, the file counts as missing. */
export async function readUnlessUnknown(
  source: FileSource,
  file: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return (await source.isUnknown?.(file)) ? undefined : readRareFile(source, file, limit);
}

/**
 * Throws `not_found` if only cached files may be used and the cache doesn't record whether the folder has this file. Call it before reading
 * a file that isn't needed to load a model.
 */
export async function expectKnown(source: FileSource, file: string): Promise<void> {
  if (!(await source.isUnknown?.(file))) return;
  const message = `Expected to know whether there is ${file} in ${source.location}, but no earlier load requested it`;
  throw new WebVeraError('not_found', message, {
    hint: 'Load the model without local_files_only, and make this call once while there is a connection.',
    detail: { files: [file], location: source.location },
  });
}

/** Like `readFileIfPresent`, for a file that must be read if the folder has it. Throws `not_found` as `expectKnown` does. */
export async function readIfKnown(
  source: FileSource,
  file: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  await expectKnown(source, file);
  return readFileIfPresent(source, file, limit);
}

export function missingFile(source: FileSource, files: readonly string[]): WebVeraError {
  const names = files.join(' or ');
  return new WebVeraError('not_found', `Expected ${names} in ${source.location}, but there is no such file`, {
    hint: 'Does the source name a folder that holds config.json and model.safetensors? A GGUF file is named by gguf_file.',
    detail: { files, location: source.location },
  });
}

async function readWhole(stream: ByteStream, file: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    expectWithin(file, stream.size ?? 0, limit);
    for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
      length += chunk.length;
      expectWithin(file, length, limit);
      chunks.push(chunk);
    }
  } catch (error) {
    await stream.cancel();
    throw error;
  }
  return joinBytes(chunks);
}

/** Throws `limit_exceeded` for a file with more than `limit` bytes. */
export function expectWithin(file: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new WebVeraError('limit_exceeded', `${file}: expected at most ${limit} bytes, got ${bytes} or more`, {
    hint: 'If you trust the file, raise the limit in SessionOptions.limits.',
    detail: { file, limit },
  });
}
