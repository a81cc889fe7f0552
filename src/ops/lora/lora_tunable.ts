import type { AnyKernel } from '../../core/kernels/kernel';
import { loraDownForward, loraLinearForward, loraProduct } from './lora_linear';
import { loraRowsKernel } from './lora_rows';

/** Returns LoRA's own kernels that have more than one variant. */
export function tunableLoraKernels(): readonly AnyKernel[] {
  const products = [loraDownForward, loraLinearForward, loraProduct];
  return [...products.flatMap((product): AnyKernel[] => product.kernels()), loraRowsKernel];
}
