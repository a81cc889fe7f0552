import { packedStorage } from '../../core/numbers/storage';
import {
  plainTensor,
  RowReader,
  type Rows,
  reading,
  type StoredTensor,
  type TensorHeader,
} from '../tensors/stored_tensor';
import { type BlockType, unpackBlocks } from './blocks/block_types';
import { packBlocks } from './blocks/packed_blocks';
import type { GgufTensor } from './gguf_header';
import type { GgufPacking } from './gguf_packing';
import { type TensorChange, turned } from './tensor_change';

/** Returns the header that a tensor had before llama.cpp changed the tensor. */
export function headerOf(
  name: string,
  { shape }: GgufTensor,
  { dtype, block }: GgufPacking,
  change: TensorChange | undefined,
): TensorHeader {
  const storage = block && packedStorage(block.bits);
  const header = { name, dtype, shape, packed: storage && { name: storage.name, transposed: false } };
  return change?.header(header) ?? header;
}

/**
 * Creates a tensor from its header and its rows in the file. If the header's `packed.transposed` is true, `rows` reads rows of the
 * transpose.
 */
export function storedTensor(header: TensorHeader, rows: RowReader, { block }: GgufPacking): StoredTensor {
  const { packed } = header;
  if (packed === undefined || block === undefined) return plainTensor(header, rows);
  return {
    ...plainTensor(header, { take: unpackedRows(header, rows, block) }),
    packed: {
      ...packed,
      async take(wanted) {
        const taken = await rows.take(wanted);
        return packBlocks(block, taken.bytes, taken.shape);
      },
    },
  };
}

/** Returns a function that takes the next rows and unpacks their numbers to float32. */
function unpackedRows({ shape, packed }: TensorHeader, rows: RowReader, block: BlockType): RowReader['take'] {
  const unpacked = async (wanted?: number): Promise<Rows> => {
    const taken = await rows.take(wanted);
    return { shape: taken.shape, bytes: new Uint8Array(unpackBlocks(block, taken.bytes).buffer) };
  };
  if (!packed?.transposed) return unpacked;
  let whole: RowReader | undefined;
  return async (wanted) => {
    // Each block of the transpose holds elements of several rows of the tensor, so even the first row needs all blocks.
    if (whole === undefined) {
      const { bytes } = await unpacked();
      whole = new RowReader(shape, bytes.length, reading(turned(bytes, shape, 4)));
    }
    return whole.take(wanted);
  };
}
