import type { AnyKernel } from '../../core/kernels/kernel';
import { uniloraMatricesBackward } from './unilora_matrices';

/** Returns UniLoRA's own kernels that have more than one variant. */
export function tunableUniloraKernels(): readonly AnyKernel[] {
  return [uniloraMatricesBackward];
}
