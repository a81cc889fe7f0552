import * as geglu from './activations/geglu';
import * as gelu from './activations/gelu';
import * as geluNew from './activations/gelu_new';
import * as relu from './activations/relu';
import * as silu from './activations/silu';
import * as softcap from './activations/softcap';
import * as swiglu from './activations/swiglu';
import * as add from './add';
import * as attention from './attention/attention';
import * as attentionDecode from './attention/attention_decode';
import * as cacheWrite from './attention/cache_write';
import * as repeatHeads from './attention/repeat_heads';
import * as ropeAttentionDecode from './attention/rope_attention_decode';
import * as shortConv from './convolution/short_conv';
import * as copy from './copy';
import * as dora from './dora/dora';
import * as dropout from './dropout';
import * as fill from './fill';
import * as fmaChain from './fma_chain';
import * as ia3Merge from './ia3/ia3_merge';
import * as ia3Mixed from './ia3/ia3_mixed';
import * as lora from './lora/lora';
import * as binaryCrossEntropyWithLogits from './losses/binary_cross_entropy_with_logits';
import * as crossEntropy from './losses/cross_entropy';
import * as dpoLoss from './losses/dpo_loss';
import * as ktoLoss from './losses/kto_loss';
import * as lossSum from './losses/loss_sum';
import * as metricSums from './losses/metric_sums';
import * as rowWeights from './losses/row_weights';
import * as sequenceLogps from './losses/sequence_logps';
import * as squaredError from './losses/squared_error';
import * as supervisedContrast from './losses/supervised_contrast';
import * as mixedLossSum from './mixed/mixed_loss_sum';
import * as mixedScale from './mixed/mixed_scale';
import * as mul from './mul';
import * as l2Normalize from './norms/l2_normalize';
import * as layerNorm from './norms/layer_norm';
import * as rmsNorm from './norms/rms_norm';
import * as scaleColumns from './norms/scale_columns';
import * as adamw from './optimizer/adamw';
import * as linear from './products/linear';
import * as linearShard from './products/linear_shard';
import * as rmsNormLinear from './products/rms_norm_linear';
import type { Reference } from './reference';
import * as rope from './rope';
import * as ropePartial from './rope_partial';
import * as columnSum from './rows/column_sum';
import * as embedding from './rows/embedding';
import * as poolRows from './rows/pool_rows';
import * as prependRows from './rows/prepend_rows';
import * as rows from './rows/rows';
import * as sliceColumns from './rows/slice_columns';
import * as widen from './rows/widen';
import * as sample from './sample';
import * as uniloraMatrices from './unilora/unilora_matrices';
import * as rmsNormUpBackward from './vera/rms_norm_up_backward';
import * as vera from './vera/vera';
import * as veraMerge from './vera/vera_merge';
import * as veraMixed from './vera/vera_mixed';
import * as veraSaved from './vera/vera_saved';

/** The references of all kernels, by the kernel's name. */
export const references: Readonly<Record<string, Reference>> = {
  ...adamw,
  ...add,
  ...attention,
  ...attentionDecode,
  ...binaryCrossEntropyWithLogits,
  ...cacheWrite,
  ...rowWeights,
  ...columnSum,
  ...copy,
  ...dora,
  ...crossEntropy,
  ...dpoLoss,
  ...dropout,
  ...embedding,
  ...fill,
  ...fmaChain,
  ...geglu,
  ...gelu,
  ...geluNew,
  ...ia3Merge,
  ...ia3Mixed,
  ...l2Normalize,
  ...ktoLoss,
  ...layerNorm,
  ...linear,
  ...linearShard,
  ...lora,
  ...lossSum,
  ...metricSums,
  ...mixedLossSum,
  ...mixedScale,
  ...mul,
  ...poolRows,
  ...prependRows,
  ...relu,
  ...repeatHeads,
  ...rmsNorm,
  ...rmsNormLinear,
  ...rmsNormUpBackward,
  ...rope,
  ...ropeAttentionDecode,
  ...ropePartial,
  ...rows,
  ...sample,
  ...scaleColumns,
  ...sequenceLogps,
  ...shortConv,
  ...silu,
  ...sliceColumns,
  ...softcap,
  ...squaredError,
  ...supervisedContrast,
  ...swiglu,
  ...uniloraMatrices,
  ...vera,
  ...veraMerge,
  ...veraMixed,
  ...veraSaved,
  ...widen,
};
