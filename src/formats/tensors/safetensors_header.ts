import { WebVeraError } from '../../core/errors/error';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import { RAISE_LIMIT } from '../file_error';
import { byteSize, type Dtype, isDtype } from './dtype';
import { HeaderScanner, quote } from './header_scanner';

export type HeaderLimits = Pick<ParserLimits, 'safetensorsHeader' | 'tensors'>;

/** A tensor's entry in the header. Elements are little-endian and row-major. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The offsets of the tensor's first byte and of the byte after its last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** The tensors by name, in the order of their bytes in the file, which follow one another without gaps. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes before the first tensor. */
  readonly dataOffset: number;
  /** Bytes of the whole file. */
  readonly fileSize: number;
}

/** The size in bytes of the field at the beginning of a file that gives the header's length. */
export const PREFIX_BYTES = 8;
/** The format's own limit for a header, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_NAME_LENGTH = 512;
const MAX_RANK = 8;
/** The largest number of tensors without elements. Without this limit, a small file could hold very many of them. */
const MAX_EMPTY = 1000;
/** A string that every tensor's entry contains. It is counted to reject a header with too many tensors before any entry is parsed. */
const OFFSETS = '"data_offsets"';

/**
 * Reads the header's length in bytes from a file's first eight bytes. The length is checked against the limit and against the size of the
 * file, if that is known, so that memory can be allocated for the header. Throws `invalid_format`, `limit_exceeded`.
 */
export function headerLength(prefix: Uint8Array, fileSize: number | undefined, limits: HeaderLimits): number {
  if (prefix.length < PREFIX_BYTES) throw invalid(`expected at least ${PREFIX_BYTES} bytes, got ${prefix.length}`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw invalid(`expected a header of at most ${MAX_HEADER_BYTES} bytes, got ${length}`);
  if (fileSize !== undefined && PREFIX_BYTES + Number(length) > fileSize) {
    throw invalid(`expected a header of ${length} bytes, but the file ends after ${fileSize}`);
  }
  if (length > limits.safetensorsHeader) {
    throw exceeded(`expected a header of at most ${limits.safetensorsHeader} bytes, got ${length}`);
  }
  return Number(length);
}

/**
 * Reads a header from a file's first bytes, which must include its end. With `fileSize`, the tensors must fill the file to its last
 * byte; without it, the caller must check that the file ends at the header's `fileSize`. This is stricter than the format, but no
 * published file is affected: duplicate keys, unknown fields, control characters in names, names over 512 characters and more than 8
 * dimensions are refused. Throws `invalid_format`, `limit_exceeded`.
 */
export function parseHeader(
  bytes: Uint8Array,
  fileSize: number | undefined,
  limits: HeaderLimits = defaultLimits,
): SafetensorsHeader {
  const dataOffset = PREFIX_BYTES + headerLength(bytes, fileSize, limits);
  if (bytes.length < dataOffset) throw invalid(`expected a header of ${dataOffset} bytes, got ${bytes.length}`);
  const { tensors, metadata } = scan(decode(bytes.subarray(PREFIX_BYTES, dataOffset)), limits.tensors);
  const inOrder = tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  const expectedSize = dataOffset + expectGapless(inOrder);
  if (fileSize !== undefined && fileSize !== expectedSize) {
    throw invalid(`expected a file of ${expectedSize} bytes, got ${fileSize}`);
  }
  return { tensors: new Map(inOrder.map((info) => [info.name, info])), metadata, dataOffset, fileSize: expectedSize };
}

function decode(bytes: Uint8Array): string {
  try {
    // The decoder leaves a byte order mark in the text, so that the scanner rejects it: the format allows none.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid('expected a header in UTF-8');
  }
}

function scan(text: string, maxTensors: number): { tensors: TensorInfo[]; metadata: Map<string, string> } {
  let entries = 0;
  for (let at = text.indexOf(OFFSETS); at >= 0; at = text.indexOf(OFFSETS, at + OFFSETS.length)) entries++;
  if (entries > maxTensors) throw exceeded(`expected at most ${maxTensors} tensors, got more`);
  const scanner = new HeaderScanner(text);
  const tensors: TensorInfo[] = [];
  let empty = 0;
  const metadata = new Map<string, string>();
  scanner.object((key) => {
    if (key !== '__metadata__') {
      if (tensors.length === maxTensors) throw exceeded(`expected at most ${maxTensors} tensors, got more`);
      const tensor = scanTensor(scanner, key);
      if (tensor.begin === tensor.end && ++empty > MAX_EMPTY) {
        throw exceeded(`expected at most ${MAX_EMPTY} tensors without elements, got more`);
      }
      tensors.push(tensor);
    } else if (!scanner.takeNull()) {
      scanner.object((name) => metadata.set(name, scanner.string()));
    }
  });
  scanner.end();
  return { tensors, metadata };
}

function scanTensor(scanner: HeaderScanner, name: string): TensorInfo {
  if (name.length > MAX_NAME_LENGTH)
    throw scanner.fault(`a name of at most ${MAX_NAME_LENGTH} characters`, `${name.length}`);
  if (/\p{Cc}/u.test(name)) throw scanner.fault('a name without control characters', quote(name));
  let dtype: string | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  scanner.object((field) => {
    if (field === 'dtype') dtype = scanner.string();
    else if (field === 'shape') shape = scanner.integers(MAX_RANK);
    else if (field === 'data_offsets') offsets = scanner.integers(2);
    else throw scanner.fault('dtype, shape or data_offsets', quote(field));
  });
  if (dtype === undefined || !isDtype(dtype)) throw scanner.fault(`a dtype for ${quote(name)}`, quote(`${dtype}`));
  if (shape === undefined) throw scanner.fault(`a shape for ${quote(name)}`, 'none');
  const [begin, end] = offsets ?? [];
  if (begin === undefined || end === undefined) throw scanner.fault('two data_offsets', `${offsets}`);
  const size = byteSize(dtype, shape);
  if (size === undefined) throw scanner.fault('a size in whole bytes below 2^50', `${dtype} [${shape}]`);
  if (end - begin !== size) throw scanner.fault(`${size} bytes for ${quote(name)}`, `[${begin}, ${end}]`);
  return { name, dtype, shape, begin, end };
}

/** Checks that tensors follow each other without gap or overlap, so the file holds no other bytes. Returns their total size in bytes. */
function expectGapless(inOrder: readonly TensorInfo[]): number {
  let position = 0;
  for (const { name, begin, end } of inOrder) {
    if (begin !== position) {
      throw invalid(`expected ${quote(name)} to begin at ${position}, after the one before it, got ${begin}`);
    }
    position = end;
  }
  return position;
}

function invalid(message: string): WebVeraError {
  return new WebVeraError('invalid_format', `safetensors: ${message}`, {
    hint: 'The file is damaged, cut off, or no safetensors file; download or export it again.',
  });
}

function exceeded(message: string): WebVeraError {
  return new WebVeraError('limit_exceeded', `safetensors: ${message}`, { hint: RAISE_LIMIT });
}
