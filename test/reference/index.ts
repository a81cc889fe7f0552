import * as adamw from './adamw';
import * as add from './add';
import * as attention from './attention';
import * as attentionDecode from './attention_decode';
import * as binaryCrossEntropyWithLogits from './binary_cross_entropy_with_logits';
import * as cacheWrite from './cache_write';
import * as columnSum from './column_sum';
import * as copy from './copy';
import * as crossEntropy from './cross_entropy';
import * as dropout from './dropout';
import * as embedding from './embedding';
import * as fill from './fill';
import * as fmaChain from './fma_chain';
import * as geglu from './geglu';
import * as gelu from './gelu';
import * as geluNew from './gelu_new';
import * as layerNorm from './layer_norm';
import * as linear from './linear';
import * as linearShard from './linear_shard';
import * as lossSum from './loss_sum';
import * as mul from './mul';
import * as prependRow from './prepend_row';
import type { Reference } from './reference';
import * as relu from './relu';
import * as repeatHeads from './repeat_heads';
import * as rmsNorm from './rms_norm';
import * as rope from './rope';
import * as ropePartial from './rope_partial';
import * as rowWeights from './row_weights';
import * as rows from './rows';
import * as sample from './sample';
import * as silu from './silu';
import * as sliceColumns from './slice_columns';
import * as softcap from './softcap';
import * as squaredError from './squared_error';
import * as swiglu from './swiglu';
import * as vera from './vera';
import * as veraMerge from './vera_merge';
import * as veraMixed from './vera_mixed';
import * as veraSaved from './vera_saved';
import * as widen from './widen';

/** Every kernel's reference, by the kernel's name. */
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
  ...crossEntropy,
  ...dropout,
  ...embedding,
  ...fill,
  ...fmaChain,
  ...geglu,
  ...gelu,
  ...geluNew,
  ...layerNorm,
  ...linear,
  ...linearShard,
  ...lossSum,
  ...mul,
  ...prependRow,
  ...relu,
  ...repeatHeads,
  ...rmsNorm,
  ...rope,
  ...ropePartial,
  ...rows,
  ...sample,
  ...silu,
  ...sliceColumns,
  ...softcap,
  ...squaredError,
  ...swiglu,
  ...vera,
  ...veraMerge,
  ...veraMixed,
  ...veraSaved,
  ...widen,
};
