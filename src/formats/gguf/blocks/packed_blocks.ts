import { WebVeraError } from '../../../core/errors/error';
import { asHalf, PackedMatrix, pack } from '../../../core/numbers/packed';
import type { Shape } from '../../../core/numbers/shape';
import { packedStorage } from '../../../core/numbers/storage';
import { type BlockType, blocksOf, GROUP, unpackBlocks } from './block_types';

/**
 * Converts blocks to the device's packed storage format that has at least as many bits per code. The codes stay the same, except for an
 * offset. Scales and minimums become float16, which changes those of the K types by at most 1/2048 of their value. If the blocks have
 * minimums and the storage format has none, the elements are quantised again, each with an error of at most half a quantisation step.
 */
export function packBlocks(type: BlockType, bytes: Uint8Array, shape: Shape): Uint32Array<ArrayBuffer> {
  const form = packedStorage(type.bits)?.packed;
  if (form === undefined) throw new WebVeraError('internal', `No storage has codes of ${type.bits} bits`);
  if (type.hasMinimum && !form.hasMinimum) return pack(unpackBlocks(type, bytes), shape, form);
  const matrix = new PackedMatrix(shape, form);
  /**
   * Added to each code, because codes are unsigned in the storage format. For blocks without minimums, it is the code that stands for 0.
   */
  const zero = type.hasMinimum ? 0 : 2 ** (form.bits - 1);
  let row = 0;
  let column = 0;
  for (const { codes, scales, minimums } of blocksOf(type, bytes)) {
    for (let i = 0; i < type.elements; i += GROUP) {
      const [scale = 0, minimum = 0] = [scales[i / GROUP], minimums[i / GROUP]];
      matrix.setScale(row, column + i, asHalf(scale).bits);
      if (form.hasMinimum) {
        matrix.setMinimum(row, column + i, asHalf(type.hasMinimum ? minimum : -zero * scale).bits);
      }
    }
    for (let i = 0; i < type.elements; i++) matrix.setCode(row, column + i, (codes[i] ?? 0) + zero);
    column += type.elements;
    if (column === matrix.columns) [row, column] = [row + 1, 0];
  }
  return matrix.words;
}
