import type { AnyKernel } from '../core/kernel';
import { attentionBackward, attentionForward } from './attention/attention';
import { attentionDecodeKernel } from './attention/attention_decode';
import { cacheWriteKernel } from './attention/cache_write';
import { columnSum } from './column_sum';
import { crossEntropyKernel } from './cross_entropy';
import { layerNormBackward, layerNormForward, layerNormWeightBackward } from './layer_norm';
import { linearBackward, linearForward, linearWeightBackward } from './products/linear';
import { linearShardBackward, linearShardForward } from './products/linear_shard';
import { rmsNormBackward, rmsNormForward, rmsNormWeightBackward } from './rms_norm';
import { ropeKernel } from './rope';
import { sampleKernel } from './sample';
import { sliceColumnsBackward, sliceColumnsForward } from './slice_columns';
import { veraLambdaBackward, veraUpBackward } from './vera/low_rank';
import { veraAddForward, veraLinearForward } from './vera/vera';
import { veraMergeBackward, veraMergeKernel } from './vera/vera_merge';
import { veraMixedAdd, veraMixedScale } from './vera/vera_mixed';
import { veraSavedBackward, veraSavedForward, veraSavedSums } from './vera/vera_saved';

/** Their record differs by how operands are stored. */
const PRODUCTS = [
  linearForward,
  linearBackward,
  linearWeightBackward,
  linearShardForward,
  linearShardBackward,
  veraLinearForward,
  veraAddForward,
  veraUpBackward,
  veraLambdaBackward,
  veraMergeKernel,
  veraMergeBackward,
  veraSavedForward,
  veraSavedBackward,
  veraMixedAdd,
];

const OTHERS: readonly AnyKernel[] = [
  veraMixedScale,
  veraSavedSums,
  attentionForward,
  attentionBackward,
  attentionDecodeKernel,
  layerNormForward,
  layerNormBackward,
  layerNormWeightBackward,
  rmsNormForward,
  rmsNormBackward,
  rmsNormWeightBackward,
  crossEntropyKernel,
  columnSum,
  ropeKernel,
  sliceColumnsForward,
  sliceColumnsBackward,
  cacheWriteKernel,
  sampleKernel,
];

/** The records of which there is more than one variant, and so a choice. */
export function tunableKernels(): readonly AnyKernel[] {
  return [...PRODUCTS.flatMap((product): AnyKernel[] => product.kernels()), ...OTHERS];
}
