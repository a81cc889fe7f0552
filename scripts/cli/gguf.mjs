// Reads the header of a GGUF file with the library's own reader, which is bundled into the built command.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { WebVeraError } from '../../src/core/errors/error';
import { defaultLimits } from '../../src/core/types/source';
import { readGgufHeader } from '../../src/formats/gguf/gguf_header';
import { byteLength, packingOf } from '../../src/formats/gguf/gguf_packing';
import { ByteReader } from '../../src/formats/tensors/byte_reader';
import { openBlob } from '../../src/node/open_blob';
import { UsageError } from '../shared/options.mjs';

/** @typedef {import('./safetensors.mjs').TensorEntry} TensorEntry */

/** ggml's names of types that the library can't load, by ggml's numbers. */
const OTHER_TYPES = new Map([
  [9, 'Q8_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
]);

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
    const { metadata, tensors, dataOffset } = await readGgufHeader(new ByteReader(stream, name), name, defaultLimits);
    const end = statSync(path).size - dataOffset;
    const entries = tensors.map((tensor, index) => entryOf(tensor, tensors[index + 1]?.offset ?? end, name));
    return { facts: factsOf(metadata), tensors: entries };
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

/** @typedef {import('../../src/formats/gguf/gguf_header').GgufTensor} GgufTensor */

/**
 * @param {GgufTensor} tensor
 * @param {number} end the offset of the next tensor, or of the file's end
 * @param {string} file
 * @returns {TensorEntry}
 */
function entryOf(tensor, end, file) {
  const { name, shape, type, offset } = tensor;
  const packing = packingIfKnown(tensor, file);
  if (packing !== undefined) {
    return { name, dtype: packing.block?.name ?? packing.dtype, shape, bytes: byteLength(tensor, packing) };
  }
  // The size of a block isn't known, so the bytes include padding.
  return { name, dtype: OTHER_TYPES.get(type) ?? `type ${type}`, shape, bytes: Math.max(0, end - offset) };
}

/** Returns undefined for a type that the library can't load. @param {GgufTensor} tensor @param {string} file */
function packingIfKnown(tensor, file) {
  try {
    return packingOf(tensor, file);
  } catch (error) {
    if (error instanceof WebVeraError && error.code === 'unsupported_model') return undefined;
    throw error;
  }
}
