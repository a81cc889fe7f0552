import { WebVeraError } from '../../core/errors/error';
import type { Dtype } from '../tensors/dtype';
import { plainTensor, RowReader, type Rows, reading, type StoredTensor } from '../tensors/stored_tensor';
import type { TensorHeader } from '../tensors/tensor_header';
import { transpose } from '../tensors/transpose';
import { toFloat32 } from '../tensors/values';
import { BLOCK_TYPES, type BlockType, unpackBlocks } from './block_types';
import type { GgufTensor } from './gguf_header';
import { packBlocks } from './packed_blocks';
import type { TensorChange } from './tensor_change';

/** Types whose bytes are a dtype's, by ggml's numbers. */
const PLAIN: ReadonlyMap<number, { readonly dtype: Dtype; readonly width: number }> = new Map([
  [0, { dtype: 'F32', width: 4 }],
  [1, { dtype: 'F16', width: 2 }],
  [30, { dtype: 'BF16', width: 2 }],
]);

/** How a tensor's rows lie in the file. */
export interface Packing {
  readonly dtype: Dtype;
  /** Bytes of a row. */
  readonly rowBytes: number;
  /** Undefined for plain types. */
  readonly block?: BlockType;
}

/** Throws `unsupported_model` for types that aren't read, `invalid_format` for rows that are no whole blocks. */
export function packingOf({ name, type, shape }: GgufTensor, file: string): Packing {
  const columns = shape.at(-1) ?? 1;
  const plain = PLAIN.get(type);
  if (plain !== undefined) return { dtype: plain.dtype, rowBytes: plain.width * columns };
  const block = BLOCK_TYPES.get(type);
  if (block === undefined) {
    const known = [...BLOCK_TYPES.values()].map((it) => it.name).join(', ');
    throw new WebVeraError(
      'unsupported_model',
      `${file}: ${name}: expected F32, F16, BF16, ${known}, got type ${type}`,
      {
        hint: 'Take another quantisation of the model, such as Q8_0 or Q4_K_M.',
        detail: { file, tensor: name, type },
      },
    );
  }
  if (columns % block.elements !== 0) {
    throw invalid(file, `${name}: expected rows of whole blocks of ${block.elements}, got ${columns}`);
  }
  return { dtype: 'F32', rowBytes: (columns / block.elements) * block.bytes, block };
}

export function invalid(file: string, what: string): WebVeraError {
  return new WebVeraError('invalid_format', `${file}: ${what}`, {
    hint: 'The file is damaged; download it again.',
    detail: { file },
  });
}

export function byteLength({ shape }: GgufTensor, { rowBytes }: Packing): number {
  return rowBytes * shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

/** What a tensor is once changes are undone. */
export function headerOf(
  name: string,
  { shape }: GgufTensor,
  { dtype, block }: Packing,
  change: TensorChange | undefined,
): TensorHeader {
  const isTurned = change?.kind === 'turned';
  return {
    name,
    dtype: change?.kind === 'plus one' ? 'F32' : dtype,
    shape: isTurned ? shape.toReversed() : shape,
    packed: change?.kind === 'plus one' ? undefined : block && { name: block.packed, transposed: isTurned },
  };
}

/** A tensor by its header and the file's rows, which are those of its transpose where it is packed so. */
export function storedTensor(told: TensorHeader, rows: RowReader, { block }: Packing): StoredTensor {
  const { name, dtype, shape, packed } = told;
  if (packed === undefined || block === undefined) return plainTensor(told, rows);
  const take = unpackedRows(told, rows, block);
  return {
    name,
    dtype,
    shape,
    async take(wanted) {
      return { dtype, ...(await take(wanted)) };
    },
    packed: {
      ...packed,
      async take(wanted) {
        const taken = await rows.take(wanted);
        return packBlocks(block, taken.bytes, taken.shape);
      },
    },
  };
}

/** Takes rows of the numbers that blocks stand for. */
function unpackedRows({ shape, packed }: TensorHeader, rows: RowReader, block: BlockType): RowReader['take'] {
  const unpacked = async (wanted?: number): Promise<Rows> => {
    const taken = await rows.take(wanted);
    return { shape: taken.shape, bytes: new Uint8Array(unpackBlocks(block, taken.bytes).buffer) };
  };
  if (!packed?.transposed) return unpacked;
  let whole: RowReader | undefined;
  return async (wanted) => {
    // Blocks of the transpose lie across these rows, so all are needed for the first.
    if (whole === undefined) {
      const { bytes } = await unpacked();
      whole = new RowReader(shape, bytes.length, reading(turned(bytes, shape, 'F32')));
    }
    return whole.take(wanted);
  };
}

/** A tensor's bytes once a change is undone: its header's shape is `shape`. */
export function undone(
  change: TensorChange,
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  packing: Packing,
): Uint8Array<ArrayBuffer> {
  if (change.kind === 'rows') return inOrder(bytes, shape[0] ?? 1, change.from);
  if (change.kind === 'turned') return turned(bytes, shape, packing.dtype);
  // To the last bit that the sum kept: subtracting rounds nothing near one.
  return new Uint8Array(widened(bytes, packing).map((value) => value - 1).buffer);
}

function inOrder(
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
  from: (row: number, rows: number) => number,
): Uint8Array<ArrayBuffer> {
  const width = bytes.length / rows;
  const ordered = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    const begin = width * from(row, rows);
    ordered.set(bytes.subarray(begin, begin + width), width * row);
  }
  return ordered;
}

/** A matrix of `shape` by its transpose's bytes. */
function turned(
  bytes: Uint8Array<ArrayBuffer>,
  [rows = 1, columns = 1]: readonly number[],
  dtype: Dtype,
): Uint8Array<ArrayBuffer> {
  const numbers = dtype === 'F32' ? new Float32Array(bytes.buffer) : new Uint16Array(bytes.buffer);
  return new Uint8Array(transpose(numbers, columns, rows).buffer);
}

function widened(bytes: Uint8Array<ArrayBuffer>, { dtype, block }: Packing): Float32Array<ArrayBuffer> {
  return block === undefined ? new Float32Array(toFloat32({ dtype, bytes })) : unpackBlocks(block, bytes);
}
