import type { AnyKernel } from '../../core/kernels/kernel';
import { ia3MixedKernel } from './ia3_mixed';

/** Returns IA³'s own kernels that have more than one variant. */
export function tunableIa3Kernels(): readonly AnyKernel[] {
  return [ia3MixedKernel];
}
