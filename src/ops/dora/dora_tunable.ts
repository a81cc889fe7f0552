import type { AnyKernel } from '../../core/kernels/kernel';
import { doraNormKernel } from './dora_norm';
import { doraScaleBackward, doraScaleForward } from './dora_scale';

/** Returns DoRA's kernels that have more than one variant. */
export function tunableDoraKernels(): readonly AnyKernel[] {
  return [...Object.values<AnyKernel>(doraNormKernel), doraScaleForward, doraScaleBackward];
}
