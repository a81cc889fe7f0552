import type { WebVeraError } from '../../core/errors/error';
import { fileError, RAISE_LIMIT } from '../file_error';
import type { ByteReader } from '../tensors/byte_reader';
import { quote } from '../tensors/header_scanner';
import { GgufReader, type GgufValue } from './gguf_reader';

export interface GgufTensor {
  readonly name: string;
  /** The tensor's dimensions in torch's order: the last one is contiguous in memory. */
  readonly shape: readonly number[];
  /** ggml's number for the data type. */
  readonly type: number;
  /** The tensor's offset in bytes, counted from the first tensor. */
  readonly offset: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** The tensors, sorted by their position in the file. */
  readonly tensors: readonly GgufTensor[];
  /** Bytes before the first tensor, including padding. */
  readonly dataOffset: number;
  /** Bytes that were read for the header. */
  readonly bytesRead: number;
}

interface GgufLimits {
  /** The largest number of bytes before the tensors. Most of these bytes are the tokenizer. */
  readonly tokenizer: number;
  readonly tensors: number;
}

const MAGIC = 0x46554747;
const VERSIONS = [2, 3];
const MOST_FIELDS = 10_000;
const MOST_DIMENSIONS = 4;
const MOST_NAME = 512;
const ALIGNMENT = 'general.alignment';

/** Reads the header of a GGUF file. Throws `invalid_format`, `limit_exceeded`. */
export async function readGgufHeader(stream: ByteReader, file: string, limits: GgufLimits): Promise<GgufHeader> {
  const reader = new GgufReader(stream, { file, limit: limits.tokenizer });
  await reader.ready();
  if (reader.u32() !== MAGIC) throw reader.invalid('expected GGUF at its start');
  const version = reader.u32();
  if (!VERSIONS.includes(version)) throw reader.invalid(`expected version 2 or 3 of GGUF, got ${version}`);
  const [tensorCount, fieldCount] = [reader.u64(), reader.u64()];
  if (tensorCount > limits.tensors) throw tooMany(file, 'tensors', limits.tensors);
  if (fieldCount > MOST_FIELDS) throw tooMany(file, 'fields', MOST_FIELDS);
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < fieldCount; index++) {
    await reader.ready();
    const key = reader.name(MOST_NAME);
    if (metadata.has(key)) throw reader.invalid(`expected ${quote(key)} once`);
    metadata.set(key, await reader.value());
  }
  const alignment = metadata.get(ALIGNMENT) ?? 32;
  if (typeof alignment !== 'number' || !(alignment >= 1 && alignment <= 65_536) || alignment % 1 !== 0) {
    throw reader.invalid(`${ALIGNMENT}: expected an integer from 1 to 65536`);
  }
  const tensors: GgufTensor[] = [];
  const names = new Set<string>();
  for (let index = 0; index < tensorCount; index++) {
    await reader.ready();
    const tensor = readTensor(reader);
    if (names.has(tensor.name)) throw reader.invalid(`expected tensor ${quote(tensor.name)} once`);
    if (tensor.offset % alignment !== 0) throw reader.invalid(`${quote(tensor.name)}: expected an aligned offset`);
    names.add(tensor.name);
    tensors.push(tensor);
  }
  const dataOffset = Math.ceil(reader.position / alignment) * alignment;
  return {
    metadata,
    tensors: tensors.sort((a, b) => a.offset - b.offset),
    dataOffset,
    bytesRead: reader.position,
  };
}

function readTensor(reader: GgufReader): GgufTensor {
  const name = reader.name(MOST_NAME);
  const rank = reader.u32();
  if (rank > MOST_DIMENSIONS) throw reader.invalid(`${quote(name)}: expected at most ${MOST_DIMENSIONS} dimensions`);
  const sizes: number[] = [];
  for (let axis = 0; axis < rank; axis++) sizes.push(reader.u64());
  const elements = sizes.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(elements) || sizes.includes(0)) {
    throw reader.invalid(`${quote(name)}: expected sizes from 1 on, got [${sizes}]`);
  }
  return { name, shape: sizes.reverse(), type: reader.u32(), offset: reader.u64() };
}

function tooMany(file: string, what: string, limit: number): WebVeraError {
  return fileError('limit_exceeded', file, `expected at most ${limit} ${what}, got more`, RAISE_LIMIT);
}
