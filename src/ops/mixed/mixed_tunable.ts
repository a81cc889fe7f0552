import type { AnyKernel } from '../../core/kernels/kernel';
import { mixedScaleBackward, mixedScaleForward } from './mixed_scale';
import { mixedScalesBackward, mixedScalesForward } from './mixed_scales';
import { mixedUpForward } from './mixed_up';

/** Returns those kernels for batches with several adapters that have more than one variant. */
export function tunableMixedKernels(): readonly AnyKernel[] {
  return [mixedScaleForward, mixedScaleBackward, mixedScalesForward, mixedScalesBackward, ...mixedUpForward.kernels()];
}
