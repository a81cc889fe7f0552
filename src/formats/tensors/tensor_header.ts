import type { StorageName } from '../../core/numbers/storage_names';
import type { TensorInfo } from './safetensors_header';

/** The packed form of a tensor's numbers in a file. */
export interface Packed {
  /** The packed storage that holds the same numbers. */
  readonly name: StorageName;
  /** Whether the file holds the transpose, whose rows are packed. */
  readonly transposed: boolean;
}

/** A tensor's description, which is read before its numbers. */
export interface TensorHeader extends Pick<TensorInfo, 'name' | 'dtype' | 'shape'> {
  /** Set if the file packs numbers in a form that a storage has. */
  readonly packed?: Packed | undefined;
}
