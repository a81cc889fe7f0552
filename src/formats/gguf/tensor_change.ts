import type { TensorHeader } from '../tensors/stored_tensor';
import { transpose } from '../tensors/transpose';
import { toFloat32 } from '../tensors/values';
import { unpackBlocks } from './blocks/block_types';
import type { GgufPacking } from './gguf_packing';

/** A change that llama.cpp made to a tensor, and how it is undone. */
export interface TensorChange {
  /** Returns the header that the tensor had before llama.cpp changed it. `changed`: its header in the file. */
  header(changed: TensorHeader): TensorHeader;
  /** Returns the bytes of the original tensor. `bytes`: the bytes in the file; `shape`: the original shape. */
  undo(bytes: Uint8Array<ArrayBuffer>, shape: readonly number[], packing: GgufPacking): Uint8Array<ArrayBuffer>;
}

/** llama.cpp transposed a matrix. */
export const TURNED: TensorChange = {
  header: ({ packed, ...header }) => ({
    ...header,
    shape: header.shape.toReversed(),
    packed: packed && { ...packed, transposed: true },
  }),
  undo: (bytes, shape, { dtype }) => turned(bytes, shape, dtype === 'F32' ? 4 : 2),
};

/** llama.cpp added 1 to each element. */
export const PLUS_ONE: TensorChange = {
  header: (header) => ({ ...header, dtype: 'F32', packed: undefined }),
  // Near one, the subtraction is exact: the only error is the rounding of the stored sum.
  undo: (bytes, _, packing) => new Uint8Array(widened(bytes, packing).map((value) => value - 1).buffer),
};

/** llama.cpp reordered the rows. `from` returns the position in the file of the original tensor's row `row`. */
function reordered(from: (row: number, rows: number) => number): TensorChange {
  return {
    header: (header) => header,
    undo(bytes, [rows = 1]) {
      const width = bytes.length / rows;
      const ordered = new Uint8Array(bytes.length);
      for (let row = 0; row < rows; row++) {
        const begin = width * from(row, rows);
        ordered.set(bytes.subarray(begin, begin + width), width * row);
      }
      return ordered;
    },
  };
}

/**
 * llama.cpp reordered the rows of a query or key matrix: the two rows of a head that rotary positions rotate together are neighbours in the
 * file.
 */
export function interleaved(heads: number): TensorChange {
  return reordered((row, rows) => {
    const size = rows / heads;
    const [head, within] = [Math.floor(row / size), row % size];
    const half = size / 2;
    return head * size + (within < half ? 2 * within : 2 * (within - half) + 1);
  });
}

/**
 * llama.cpp reordered the rows of Falcon's matrix for queries, keys and values. In the checkpoint, a key head and its value head follow the
 * query heads that read them. llama.cpp puts all query heads first, then all key heads, then all value heads.
 */
export function ungrouped(heads: number, kvHeads: number): TensorChange {
  const queries = heads / kvHeads;
  return reordered((row, rows) => {
    const size = rows / (heads + 2 * kvHeads);
    const [head, within] = [Math.floor(row / size), row % size];
    const [group, member] = [Math.floor(head / (queries + 2)), head % (queries + 2)];
    const before = member < queries ? group * queries + member : heads + (member - queries) * kvHeads + group;
    return before * size + within;
  });
}

/** Whether the rows divide evenly into the heads. */
export function areHeads(rows: number, heads: number): boolean {
  return Number.isSafeInteger(heads) && heads > 0 && Number.isInteger(rows / heads);
}

/** Returns the bytes of a matrix of `shape`, from the bytes of its transpose. Each number has `width` bytes. */
export function turned(
  bytes: Uint8Array<ArrayBuffer>,
  [rows = 1, columns = 1]: readonly number[],
  width: 2 | 4,
): Uint8Array<ArrayBuffer> {
  const numbers = width === 4 ? new Float32Array(bytes.buffer) : new Uint16Array(bytes.buffer);
  return new Uint8Array(transpose(numbers, columns, rows).buffer);
}

function widened(bytes: Uint8Array<ArrayBuffer>, { dtype, block }: GgufPacking): Float32Array<ArrayBuffer> {
  return block === undefined ? new Float32Array(toFloat32({ dtype, bytes })) : unpackBlocks(block, bytes);
}
