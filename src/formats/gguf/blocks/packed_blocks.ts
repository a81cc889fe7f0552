import { asHalf, PackedMatrix, pack, Q8_ZERO } from '../../../core/numbers/packed';
import type { Shape } from '../../../core/numbers/shape';
import { type BlockType, blocksOf, GROUP, unpackBlocks } from './block_types';

/** The code of `q4` that stands for 0 where there is no minimum. */
const Q4_ZERO = 8;

/**
 * Blocks as they are packed here: codes as they are, scales and minimums as halves, which those of the K types are rounded to; that
 * is by a 2048th. `q8` has no minimums, so numbers of five bits that have are packed anew: within half a step, of which there are
 * 127 to the largest of sixteen.
 */
export function packBlocks(type: BlockType, bytes: Uint8Array, shape: Shape): Uint32Array<ArrayBuffer> {
  const { packed } = type;
  if (packed === 'q8' && type.hasMinimum) return pack(unpackBlocks(type, bytes), shape, 'q8');
  const matrix = new PackedMatrix(shape, packed);
  let row = 0;
  let column = 0;
  for (const { codes, scales, minimums } of blocksOf(type, bytes)) {
    for (let i = 0; i < type.elements; i += GROUP) {
      const [scale = 0, minimum = 0] = [scales[i / GROUP], minimums[i / GROUP]];
      const { bits } = asHalf(scale);
      if (packed === 'q8') matrix.setHalf(row, column + i, (i / GROUP) % 2 === 0 ? 0 : 1, bits);
      else {
        matrix.setHalf(row, column + i, 0, bits);
        matrix.setHalf(row, column + i, 1, asHalf(type.hasMinimum ? minimum : -Q4_ZERO * scale).bits);
      }
    }
    const zero = type.hasMinimum ? 0 : packed === 'q8' ? Q8_ZERO : Q4_ZERO;
    for (let i = 0; i < type.elements; i++) matrix.setCode(row, column + i, (codes[i] ?? 0) + zero);
    column += type.elements;
    if (column === matrix.columns) [row, column] = [row + 1, 0];
  }
  return matrix.words;
}
