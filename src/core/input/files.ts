import { WebVeraError } from '../errors/error';

/** A folder of model files, wherever it lies: on the hub, at an address, or among files that the visitor chose. */
export interface FileSource {
  /** What progress and messages call the model: 'org/name', or the folder's name. */
  readonly name: string;
  /** Where the files are looked for, to be shown in messages. */
  readonly location: string;
  /**
   * Opens a file for reading, or gives `undefined` where the folder has none of that name. Throws `offline`,
   * `http_error`, `gated_repo`, or `not_found` when the folder itself is missing.
   */
  open(file: string): Promise<ByteStream | undefined>;
  /** Tells how many bytes will be read in all; only then can progress over all files be reported. */
  expect(bytes: number): void;
  /** Bytes of a file that needn't be downloaded any more. None where it isn't told. */
  kept?(file: string): Promise<number>;
}

/** A file that is read once, from its start. Read it to its end or cancel it. */
export interface ByteStream {
  /** Bytes of the whole file, where they are known for sure. */
  readonly size: number | undefined;
  /** The next bytes, or `undefined` after the last. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

/** Like `source.open`, but throws `not_found` where there is no such file. */
export async function openFile(source: FileSource, file: string): Promise<ByteStream> {
  const stream = await source.open(file);
  if (stream === undefined) throw missingFile(source, [file]);
  return stream;
}

/** Reads a small file whole. Throws `not_found`, and `limit_exceeded` as soon as it proves to be over `limit` bytes. */
export async function readFile(source: FileSource, file: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return readWhole(await openFile(source, file), file, limit);
}

/** Like `readFile`, for a file that a model may lack. */
export async function readFileIfPresent(
  source: FileSource,
  file: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const stream = await source.open(file);
  return stream === undefined ? undefined : readWhole(stream, file, limit);
}

export function missingFile(source: FileSource, files: readonly string[]): WebVeraError {
  const names = files.join(' or ');
  return new WebVeraError('not_found', `Expected ${names} in ${source.location}, but there is no such file`, {
    hint: 'Does the source name a folder that holds config.json and model.safetensors?',
    detail: { files, location: source.location },
  });
}

async function readWhole(stream: ByteStream, file: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = stream.size ?? 0;
  try {
    expectWithin(file, length, limit);
    length = 0;
    for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
      length += chunk.length;
      expectWithin(file, length, limit);
      chunks.push(chunk);
    }
  } catch (error) {
    await stream.cancel();
    throw error;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function expectWithin(file: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new WebVeraError('limit_exceeded', `${file}: expected at most ${limit} bytes, got ${bytes} or more`, {
    hint: 'If you trust the file, raise the limit in SessionOptions.limits.',
    detail: { file, limit },
  });
}
