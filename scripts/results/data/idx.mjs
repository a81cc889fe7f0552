// Reads idx files, the format of MNIST: a shape, followed by an array of bytes.
import { gunzipSync } from 'node:zlib';
import { CommandFailure } from '../../shared/options.mjs';

/** @typedef {{ shape: readonly number[], data: Uint8Array }} ByteArray */

const UNSIGNED_BYTE = 8;
const MOST_DIMENSIONS = 4;

/**
 * @param {Uint8Array} gzipped
 * @param {number} mostBytes of the unpacked file
 * @returns {ByteArray} in row-major order
 */
export function readIdx(gzipped, mostBytes) {
  const bytes = unzip(gzipped, mostBytes);
  const dimensions = bytes[3] ?? 0;
  const header = 4 + 4 * dimensions;
  const isIdx = bytes.length >= header && bytes[0] === 0 && bytes[1] === 0;
  if (!isIdx || bytes[2] !== UNSIGNED_BYTE || dimensions < 1 || dimensions > MOST_DIMENSIONS) {
    throw new CommandFailure(`no idx file of bytes in 1 to ${MOST_DIMENSIONS} dimensions`);
  }
  const shape = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== bytes.length - header) {
    throw new CommandFailure(`an idx file of the shape ${shape.join('×')} has ${bytes.length - header} bytes`);
  }
  return { shape, data: bytes.subarray(header) };
}

/**
 * @param {Uint8Array} gzipped
 * @param {number} mostBytes
 */
function unzip(gzipped, mostBytes) {
  try {
    return gunzipSync(gzipped, { maxOutputLength: mostBytes });
  } catch (error) {
    throw new CommandFailure(`an idx file that doesn't unpack: ${error instanceof Error ? error.message : error}`);
  }
}
