// Reads the header of a safetensors file.
import { open, stat } from 'node:fs/promises';
import { UsageError } from '../shared/options.mjs';

/** @typedef {{ name: string, dtype: string, shape: readonly number[], bytes: number }} TensorEntry */
/** @typedef {{ tensors: readonly TensorEntry[], metadata: Readonly<Record<string, string>> }} Header */

/** The maximum size of a header in bytes: the limit of the safetensors library. */
const MOST_BYTES = 100_000_000;

/**
 * @param {string} path
 * @returns {Promise<Header>}
 * @throws {UsageError} if the file isn't a safetensors file
 */
export async function readHeader(path) {
  // Reading a pipe or a device might never end.
  if (!(await stat(path)).isFile()) throw new UsageError(`${path} is no file`);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = size < 8 ? Number.NaN : Number((await read(file, 0, 8)).readBigUInt64LE());
    if (!(length <= MOST_BYTES && 8 + length <= size)) throw new UsageError(`${path} is no safetensors file`);
    try {
      return parse((await read(file, 8, length)).toString('utf8'), size - 8 - length);
    } catch {
      throw new UsageError(`${path} is damaged: its header and its size say different things`);
    }
  } finally {
    await file.close();
  }
}

/**
 * @param {string} json
 * @param {number} size of the data after the header
 * @returns {Header}
 */
function parse(json, size) {
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(json);
  const tensors = Object.entries(entries).map(([name, { dtype, shape, data_offsets }]) => {
    const [from, to] = data_offsets;
    const isWhole = Array.isArray(shape) && [...shape, from, to].every((n) => Number.isSafeInteger(n) && n >= 0);
    if (typeof dtype !== 'string' || !isWhole || from > to || to > size) throw new Error(name);
    return { name, dtype, shape, bytes: to - from };
  });
  return { tensors, metadata };
}

/** @param {import('node:fs/promises').FileHandle} file @param {number} position @param {number} length */
async function read(file, position, length) {
  const { buffer } = await file.read({ buffer: Buffer.alloc(length), position, length });
  return buffer;
}
