import type { AnyKernel } from '../../core/kernels/kernel';
import { ia3MixedKernel } from './ia3_mixed';
import { ia3ScaleBackward, ia3ScaleForward } from './ia3_scale';

/** Returns IA³'s own kernels that have more than one variant. */
export function tunableIa3Kernels(): readonly AnyKernel[] {
  return [ia3ScaleForward, ia3ScaleBackward, ia3MixedKernel];
}
