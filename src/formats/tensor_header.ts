import type { PackedName } from '../core/packed';
import type { TensorInfo } from './safetensors_header';

/** What is known of a tensor before its numbers come. */
export interface TensorHeader extends Pick<TensorInfo, 'name' | 'dtype' | 'shape'> {
  /** Where the file packs numbers as the device may have them: how. */
  readonly packed?: { readonly name: PackedName } | undefined;
}
