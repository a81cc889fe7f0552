import type { WebVeraError } from '../../core/errors/error';
import { numel } from '../../core/numbers/shape';
import { fileError } from '../file_error';
import type { Dtype } from '../tensors/dtype';
import { BLOCK_TYPES, type BlockType } from './blocks/block_types';
import type { GgufTensor } from './gguf_header';

/** Types that aren't packed, keyed by ggml's type numbers. */
const PLAIN: ReadonlyMap<number, Dtype> = new Map([
  [0, 'F32'],
  [1, 'F16'],
  [30, 'BF16'],
]);

/** The layout of a tensor's rows in the file. */
export interface GgufPacking {
  readonly dtype: Dtype;
  /** Bytes per row. */
  readonly rowBytes: number;
  /** Undefined for types that aren't packed. */
  readonly block?: BlockType;
}

/** Throws `unsupported_model` for an unsupported type, and `invalid_format` if a row isn't a whole number of blocks. */
export function packingOf({ name, type, shape }: GgufTensor, file: string): GgufPacking {
  const columns = shape.at(-1) ?? 1;
  const plain = PLAIN.get(type);
  if (plain !== undefined) return { dtype: plain, rowBytes: (plain === 'F32' ? 4 : 2) * columns };
  const block = BLOCK_TYPES.get(type);
  if (block === undefined) {
    const known = [...BLOCK_TYPES.values()].map((it) => it.name).join(', ');
    const fault = `${name}: expected F32, F16, BF16, ${known}, got type ${type}`;
    const hint = 'Take another quantisation of the model, such as Q8_0 or Q4_K_M.';
    throw fileError('unsupported_model', file, fault, hint, { tensor: name, type });
  }
  if (columns % block.elements !== 0) {
    throw invalid(file, `${name}: expected rows of whole blocks of ${block.elements}, got ${columns}`);
  }
  return { dtype: 'F32', rowBytes: (columns / block.elements) * block.bytes, block };
}

export function invalid(file: string, what: string): WebVeraError {
  return fileError('invalid_format', file, what, 'The file is damaged; download it again.');
}

export function byteLength({ shape }: GgufTensor, { rowBytes }: GgufPacking): number {
  return rowBytes * numel(shape.slice(0, -1));
}
