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

/** The header of a tensor after its change is undone. */
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

/** A tensor from its header and the file's rows, which are rows of the transpose if the header says so. */
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

/** Takes rows of unpacked numbers. */
function unpackedRows({ shape, packed }: TensorHeader, rows: RowReader, block: BlockType): RowReader['take'] {
  const unpacked = async (wanted?: number): Promise<Rows> => {
    const taken = await rows.take(wanted);
    return { shape: taken.shape, bytes: new Uint8Array(unpackBlocks(block, taken.bytes).buffer) };
  };
  if (!packed?.transposed) return unpacked;
  let whole: RowReader | undefined;
  return async (wanted) => {
    // Blocks of the transpose lie across these rows, so the first row needs all of them.
    if (whole === undefined) {
      const { bytes } = await unpacked();
      whole = new RowReader(shape, bytes.length, reading(turned(bytes, shape, 4)));
    }
    return whole.take(wanted);
  };
}
