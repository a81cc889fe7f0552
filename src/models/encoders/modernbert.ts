import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { layerNorm } from '../../ops/norms/layer_norm';
import { sliceColumns } from '../../ops/rows/slice_columns';
import { ACTIVATIONS } from '../activations';
import type { Head, MakeHead, Network } from '../architecture';
import { denseHead } from '../heads';
import * as nn from '../nn';
import { ropeConstant } from '../positions/rope_table';
import { textSizesOf } from '../text_sizes';
import { type ModernBertConfig, parseModernBertConfig } from './modernbert_config';

/** The names of the rotary tables of layers without and with a window. */
const [ROPE, SLIDING_ROPE] = ['rope', 'sliding rope'];

/**
 * `model_type: "modernbert"`: an encoder with norms before attention and MLP, rotary positions, a gated MLP, and windows in most layers.
 * As in PEFT, adapters wrap the fused q, k and v as a single layer, and the fused gate and up of the MLP as another.
 */
export function createModernBert(json: PretrainedConfig): Network {
  const config = parseModernBertConfig(json);
  const { rope, slidingRope, head_dim: D, classifier_pooling } = config;
  const text = textSizesOf(config, config.max_position_embeddings, 'row');
  const ofRow: Pick<Head, 'reads' | 'pooling'> =
    classifier_pooling === 'cls'
      ? { reads: 'first token' }
      : { reads: 'pooled tokens', pooling: { modes: ['mean'], normalize: false } };
  return {
    config: json,
    text,
    ...nn.network(modernBert(config)('model')),
    constants: [
      ropeConstant(ROPE, rope, D, text.maxLength),
      ...(config.sliding ? [ropeConstant(SLIDING_ROPE, slidingRope, D, text.maxLength)] : []),
    ],
    hiddenSize: config.hidden_size,
    initialStd: config.initializer_range,
    heads: {
      sequence_classification: headOf(config, { className: 'ModernBertForSequenceClassification', ...ofRow }),
      token_classification: headOf(config, { className: 'ModernBertForTokenClassification', reads: 'every token' }),
    },
  };
}

function modernBert(config: ModernBertConfig) {
  const { vocab_size: V, hidden_size: C, pad_token_id: padding } = config;
  return nn.module(
    'ModernBertModel',
    {
      embeddings: nn.module(
        'ModernBertEmbeddings',
        { tok_embeddings: nn.embedding(V, C, { padding }), norm: norm(config), drop: nn.dropout },
        ({ tok_embeddings, norm }) =>
          (pass: nn.ForwardPass) =>
            norm.forward(pass, tok_embeddings.forward(pass, pass.inputs.value('input_ids'))),
      ),
      layers: nn.blocks(config.num_hidden_layers, (layer) => block(config, layer)),
      final_norm: norm(config),
      rotary_emb: nn.module('ModernBertRotaryEmbedding', {}),
    },
    ({ embeddings, layers, final_norm }) =>
      (pass: nn.ForwardPass) =>
        final_norm.forward(pass, layers.forward(pass, embeddings.forward(pass))),
  );
}

function norm({ hidden_size: C, norm_eps, norm_bias }: ModernBertConfig): nn.Unnamed<nn.Unary> {
  return nn.layerNorm(C, norm_eps, norm_bias);
}

function block(config: ModernBertConfig, layer: number): nn.Unnamed<nn.Unary> {
  return nn.module(
    'ModernBertEncoderLayer',
    {
      // The input of the first block is the result of a norm already.
      attn_norm: layer === 0 ? nn.identity : norm(config),
      attn: attention(config, layer),
      mlp_norm: norm(config),
      mlp: mlp(config),
    },
    ({ attn_norm, attn, mlp_norm, mlp }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const attended = attn.forward(pass, attn_norm.forward(pass, x), x);
        return mlp.forward(pass, mlp_norm.forward(pass, attended), attended);
      },
  );
}

function attention(config: ModernBertConfig, layer: number) {
  const { hidden_size: C, num_attention_heads: H, head_dim: D, attention_bias: bias, sliding } = config;
  const slides = sliding?.layers[layer] ?? false;
  const heads = { H, Hkv: H, D, causal: false, ...(slides && sliding && { window: sliding.window }) };
  return nn.module(
    'ModernBertAttention',
    {
      Wqkv: nn.linear(C, 3 * C, bias),
      Wo: nn.linear(C, C, bias),
      out_drop: config.dropsAttention ? nn.dropout : nn.identity,
    },
    ({ Wqkv, Wo }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) => {
        const { g, inputs } = pass;
        const fused = Wqkv.forward(pass, x);
        const [q, k, v] = [
          sliceColumns(g, fused, 0, C),
          sliceColumns(g, fused, C, C),
          sliceColumns(g, fused, 2 * C, C),
        ];
        const rotary = {
          table: inputs.constant(slides ? SLIDING_ROPE : ROPE),
          positions: inputs.value('position_ids'),
        };
        return Wo.forward(pass, inputs.attend(layer, q, k, v, { ...heads, rotary }), residual);
      },
  );
}

function mlp({ hidden_size: C, intermediate_size: F, hidden_activation, mlp_bias: bias }: ModernBertConfig) {
  return nn.module(
    'ModernBertMLP',
    {
      Wi: nn.linear(C, 2 * F, bias),
      act: nn.activation(hidden_activation),
      drop: nn.dropout,
      Wo: nn.linear(F, C, bias),
    },
    ({ Wi, act, Wo }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) => {
        const fused = Wi.forward(pass, x);
        const [gate, up] = [sliceColumns(pass.g, fused, 0, F), sliceColumns(pass.g, fused, F, F)];
        return Wo.forward(pass, act.gate(pass, gate, up), residual);
      },
  );
}

/** Creates the head of a classifier of texts or of tokens. Files of language models have its first layer and its norm, too. */
function headOf(config: ModernBertConfig, head: Pick<Head, 'className' | 'reads' | 'pooling'>): MakeHead {
  const { hidden_size: C, classifier_bias, classifier_activation, norm_eps } = config;
  return denseHead({
    ...head,
    std: config.initializer_range / Math.sqrt(2 * config.num_hidden_layers),
    lastStd: C ** -0.5,
    modules: (outputs) => {
      const parts = {
        dense: nn.linear(C, C, classifier_bias),
        act: nn.activation(classifier_activation),
        norm: norm(config),
      };
      const prediction = nn.module('ModernBertPredictionHead', parts)('head');
      const out = nn.linear(C, outputs)('classifier');
      return { dense: prediction.dense, out, all: [prediction, nn.dropout('drop'), out] };
    },
    activation: (g, x, layers) => {
      const active = ACTIVATIONS[classifier_activation].apply(g, x);
      return layerNorm(g, active, layers.weight('head.norm'), layers.bias('head.norm'), norm_eps);
    },
  });
}
