import type { PackedName } from '../../core/numbers/packed';
import type { TensorInfo } from './safetensors_header';

/** How a file packs a tensor's numbers. */
export interface Packed {
  readonly name: PackedName;
  /** Whether the file has a matrix as its transpose, whose rows are packed. */
  readonly transposed: boolean;
}

/** What is known of a tensor before its numbers come. */
export interface TensorHeader extends Pick<TensorInfo, 'name' | 'dtype' | 'shape'> {
  /** Where the file packs numbers as the device may have them: how. */
  readonly packed?: Packed | undefined;
}
