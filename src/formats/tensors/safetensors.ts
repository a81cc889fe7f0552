import { WebVeraError } from '../../core/errors/error';
import { roundUp } from '../../core/numbers/shape';
import { defaultLimits } from '../../core/types/source';
import { byteSize, type Dtype, dtypes } from './dtype';
import { type HeaderLimits, PREFIX_BYTES, parseHeader } from './safetensors_header';

/** A tensor's bytes: little-endian elements, row-major. */
export interface RawTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface Safetensors {
  /** The tensors by name, in the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, RawTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads a whole file. The tensors' bytes are views into `bytes` and may be unaligned, so use `toFloat32`. Throws `invalid_format`,
 * `limit_exceeded`.
 */
export function readSafetensors(bytes: Uint8Array, limits: HeaderLimits = defaultLimits): Safetensors {
  const header = parseHeader(bytes, bytes.length, limits);
  const data = bytes.subarray(header.dataOffset);
  const tensors = new Map<string, RawTensor>();
  for (const { name, dtype, shape, begin, end } of header.tensors.values()) {
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
  }
  return { tensors, metadata: header.metadata };
}

/**
 * Writes the same bytes as the `safetensors` package: metadata first, then tensors by descending alignment and ascending name, and the
 * header padded with spaces to a multiple of eight. PEFT's metadata is `format: pt`. Throws `invalid_argument` for bytes that don't match
 * the shape, or a name that a file can't hold.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: RawTensor]>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const inOrder = inFileOrder([...new Map(tensors)].map(([name, tensor]) => ({ name, ...tensor })));
  for (const tensor of inOrder) expectSize(tensor);
  const header = formatHeader(inOrder, metadata);
  const file = new Uint8Array(inOrder.reduce((size, { bytes }) => size + bytes.length, header.length));
  file.set(header);
  let offset = header.length;
  for (const { bytes } of inOrder) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

/** A tensor's entry in a header, without its offsets. */
type TensorSpec = Pick<RawTensor, 'dtype' | 'shape'> & { readonly name: string };

/** Sorts tensors by descending alignment and ascending name, the order in which the `safetensors` package writes them. */
export function inFileOrder<T extends TensorSpec>(tensors: readonly T[]): readonly T[] {
  return tensors.toSorted((a, b) => dtypes.indexOf(b.dtype) - dtypes.indexOf(a.dtype) || compareAsUtf8(a.name, b.name));
}

/**
 * Returns the bytes of a file before the first tensor. The tensors must follow in the given order, without gaps. Throws `invalid_argument`
 * for a name that a file can't hold, and for a size that isn't a whole number of bytes.
 */
export function formatHeader(
  tensors: readonly TensorSpec[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const fields = metadata.size === 0 ? [] : [`"__metadata__":${formatMetadata(metadata)}`];
  let size = 0;
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    const begin = size;
    size += sizeOf(tensor);
    fields.push(`${formatName(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, size] })}`);
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const header = new Uint8Array(PREFIX_BYTES + roundUp(text.length, 8)).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - PREFIX_BYTES), true);
  header.set(text, PREFIX_BYTES);
  return header;
}

/** Returns the size of a tensor in bytes. Throws `invalid_argument` if the size is too large or isn't a whole number. */
export function sizeOf({ name, dtype, shape }: TensorSpec): number {
  const size = byteSize(dtype, shape);
  if (size !== undefined) return size;
  throw new WebVeraError(
    'invalid_argument',
    `Tensor ${JSON.stringify(name)}, ${dtype} [${shape}]: expected a size in whole bytes below 2^50`,
  );
}

/** Throws `invalid_argument` for bytes that don't match the shape. */
export function expectSize(tensor: TensorSpec & { readonly bytes: Uint8Array }): void {
  const size = sizeOf(tensor);
  if (size === tensor.bytes.length) return;
  const { name, dtype, shape, bytes } = tensor;
  throw new WebVeraError(
    'invalid_argument',
    `Tensor ${JSON.stringify(name)}, ${dtype} [${shape}]: expected ${size} bytes, got ${bytes.length}`,
  );
}

function formatMetadata(metadata: ReadonlyMap<string, string>): string {
  // Written without an object, which would lose a key `__proto__` and reorder keys that look like numbers.
  const fields = [...metadata].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${fields.join(',')}}`;
}

function formatName(name: string): string {
  if (name !== '__metadata__' && !/\p{Surrogate}/u.test(name)) return JSON.stringify(name);
  throw new WebVeraError(
    'invalid_argument',
    `Expected a tensor name that a file can hold, got ${JSON.stringify(name)}`,
  );
}

/** Compares strings by their UTF-8 bytes. JavaScript would order surrogates before the code units from 0xe000 on. */
function compareAsUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return utf8Rank(unitA) - utf8Rank(unitB);
  }
  return a.length - b.length;
}

function utf8Rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit < 0xe000 ? codeUnit + 0x10000 : codeUnit;
}
