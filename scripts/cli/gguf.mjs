// Reads the header of a GGUF file with the library's own reader, which is bundled into the built command.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { defaultLimits } from '../../src/core/types/source';
import { readGgufHeader } from '../../src/formats/gguf/gguf_header';
import { byteLength, packingOf } from '../../src/formats/gguf/gguf_packing';
import { ByteReader } from '../../src/formats/tensors/byte_reader';
import { openBlob } from '../../src/node/open_blob';
import { UsageError } from '../shared/options.mjs';

/** @typedef {import('./safetensors.mjs').TensorEntry} TensorEntry */

/** The maximum length of a string value that is shown, in characters. Longer ones, such as a chat template, are left out. */
const LONGEST_VALUE = 60;

/**
 * @param {string} path
 * @returns {Promise<{ facts: Readonly<Record<string, unknown>>, tensors: readonly TensorEntry[] }>}
 * @throws {UsageError} if the file is damaged, or isn't a GGUF file
 */
export async function readGguf(path) {
  const name = basename(path);
  const stream = streamOf(await openBlob(process, path, statSync(path).size));
  try {
    const { metadata, tensors } = await readGgufHeader(new ByteReader(stream, name), name, defaultLimits);
    return { facts: factsOf(metadata), tensors: tensors.map((tensor) => entryOf(tensor, name)) };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  } finally {
    await stream.cancel();
  }
}

/** @param {Blob} blob @returns {import('../../src/core/input/file_source').ByteStream} */
function streamOf(blob) {
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (blob.stream()).getReader();
  return { size: blob.size, read: async () => (await reader.read()).value, cancel: () => reader.cancel() };
}

/** @param {ReadonlyMap<string, unknown>} metadata */
function factsOf(metadata) {
  const isShort = (/** @type {unknown} */ value) =>
    ['number', 'boolean'].includes(typeof value) || (typeof value === 'string' && value.length <= LONGEST_VALUE);
  return Object.fromEntries([...metadata].filter(([, value]) => isShort(value)));
}

/** @param {import('../../src/formats/gguf/gguf_header').GgufTensor} tensor @param {string} file @returns {TensorEntry} */
function entryOf(tensor, file) {
  const packing = packingOf(tensor, file);
  const dtype = packing.block?.name ?? packing.dtype;
  return { name: tensor.name, dtype, shape: tensor.shape, bytes: byteLength(tensor, packing) };
}
