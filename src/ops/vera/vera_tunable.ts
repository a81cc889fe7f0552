import type { AnyKernel } from '../../core/kernels/kernel';
import { veraLambdaBackward } from './lambda_products';
import { veraUpBackward } from './low_rank_gradients';
import { rmsNormUpBackward } from './rms_norm_up_backward';
import { veraAddForward } from './vera';
import { veraLinearBackward, veraLinearForward } from './vera_linear';
import { veraLinearsForward, veraSwigluLinearsForward, veraTurnedLinearsForward } from './vera_linears';
import { veraMergeBackward, veraMergeKernel } from './vera_merge';
import { veraMixedAdd, veraMixedScale } from './vera_mixed';
import { veraSavedBackward, veraSavedForward, veraSavedSums } from './vera_saved';

/** Matrix products. Each has a kernel for each storage format of its right operand. */
const PRODUCTS = [
  veraLinearForward,
  veraLinearsForward,
  veraSwigluLinearsForward,
  veraTurnedLinearsForward,
  veraLinearBackward,
  veraAddForward,
  veraUpBackward,
  veraLambdaBackward,
  veraMergeKernel,
  veraMergeBackward,
  veraSavedForward,
  veraSavedBackward,
  veraMixedAdd,
];

/** Returns VeRA's own kernels that have more than one variant. */
export function tunableVeraKernels(): readonly AnyKernel[] {
  return [
    ...PRODUCTS.flatMap((product): AnyKernel[] => product.kernels()),
    rmsNormUpBackward,
    veraMixedScale,
    veraSavedSums,
  ];
}
