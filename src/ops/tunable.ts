import type { AnyKernel } from '../core/kernels/kernel';
import { attentionForward } from './attention/attention';
import { attentionBackward } from './attention/attention_backward';
import { attentionDecodeKernel } from './attention/attention_decode';
import { cacheWriteKernel } from './attention/cache_write';
import { ropeAttentionDecodeKernel } from './attention/rope_attention_decode';
import { shortConvBackward, shortConvForward, shortConvWeightBackward } from './convolution/short_conv';
import { shortConvDecode, shortConvKeep } from './convolution/short_conv_cache';
import { crossEntropyKernel } from './losses/cross_entropy';
import { layerNormBackward, layerNormForward, layerNormWeightBackward } from './norms/layer_norm';
import { rmsNormBackward, rmsNormForward, rmsNormWeightBackward } from './norms/rms_norm';
import { scaleColumnsBackward, scaleColumnsForward } from './norms/scale_columns';
import { linearBackward, linearForward, linearWeightBackward } from './products/linear';
import { linearShardBackward, linearShardForward } from './products/linear_shard';
import { linearsForward, swigluLinearsForward, turnedLinearsForward } from './products/linears';
import { rmsNormLinear } from './products/rms_norm_linear';
import { swigluLinearBackward } from './products/swiglu_linear';
import { ropeKernel } from './rope';
import { columnSum } from './rows/column_sum';
import { sliceColumnsBackward, sliceColumnsForward } from './rows/slice_columns';
import { sampleKernel } from './sample';

/** Matrix products. Each has a kernel for each storage format of its right operand. */
const PRODUCTS = [
  linearForward,
  linearsForward,
  linearBackward,
  linearWeightBackward,
  linearShardForward,
  linearShardBackward,
  swigluLinearBackward,
  swigluLinearsForward,
  turnedLinearsForward,
];

const OTHERS: readonly AnyKernel[] = [
  attentionForward,
  attentionBackward,
  attentionDecodeKernel,
  ropeAttentionDecodeKernel,
  layerNormForward,
  layerNormBackward,
  layerNormWeightBackward,
  rmsNormForward,
  rmsNormBackward,
  rmsNormWeightBackward,
  rmsNormLinear,
  scaleColumnsForward,
  scaleColumnsBackward,
  shortConvForward,
  shortConvBackward,
  shortConvWeightBackward,
  shortConvKeep,
  shortConvDecode,
  crossEntropyKernel,
  columnSum,
  ropeKernel,
  sliceColumnsForward,
  sliceColumnsBackward,
  cacheWriteKernel,
  sampleKernel,
];

/**
 * Returns the kernels that have several variants, so that a kernel choice can select one of them. Adapter kinds have further such kernels.
 */
export function tunableKernels(): readonly AnyKernel[] {
  return [...PRODUCTS.flatMap((product): AnyKernel[] => product.kernels()), ...OTHERS];
}
