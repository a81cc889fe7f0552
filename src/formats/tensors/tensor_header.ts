import type { StorageName } from '../../core/numbers/storage_names';
import type { TensorInfo } from './safetensors_header';

/** How a file packs a tensor's numbers. */
export interface Packed {
  /** The packed storage that holds the same numbers. */
  readonly name: StorageName;
  /** Whether the file has a matrix as its transpose, whose rows are packed. */
  readonly transposed: boolean;
}

/** What is known of a tensor before its numbers come. */
export interface TensorHeader extends Pick<TensorInfo, 'name' | 'dtype' | 'shape'> {
  /** Where the file packs numbers as the device may have them: how. */
  readonly packed?: Packed | undefined;
}
