import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { relu } from '../../ops/activations/relu';
import { add } from '../../ops/add';
import type { Network } from '../architecture';
import { fieldsByOwnNames } from '../config_fields';
import { denseHead } from '../heads';
import * as nn from '../nn';
import { textSizesOf } from '../text_sizes';
import { encoderForward } from './encoder_block';
import { type EncoderConfig, parseEncoderConfig } from './encoder_config';

/** The epsilon of all norms: the fixed value in transformers' classes. */
const EPS = 1e-12;

/** `model_type: "distilbert"`: BERT without token types and without a pooler, with its own module names. */
export function createDistilbert(json: PretrainedConfig): Network {
  const config = parseDistilbert(json);
  const { hidden_size: C } = config;
  return {
    config: json,
    text: textSizesOf(config, config.max_position_embeddings, 'row'),
    ...nn.network(distilbert(config)('distilbert')),
    hiddenSize: C,
    initialStd: config.initializer_range,
    constants: [],
    heads: {
      sequence_classification: denseHead({
        className: 'DistilBertForSequenceClassification',
        std: config.initializer_range,
        modules: (outputs) => {
          const [dense, out] = [nn.linear(C, C)('pre_classifier'), nn.linear(C, outputs)('classifier')];
          return { dense, out, all: [dense, out, nn.dropout('dropout')] };
        },
        activation: relu,
      }),
    },
  };
}

/** Parses the fields of BERT under DistilBERT's names. */
function parseDistilbert(json: PretrainedConfig): EncoderConfig {
  const common = { hidden_size: 'dim', num_hidden_layers: 'n_layers', num_attention_heads: 'n_heads' };
  const fields = fieldsByOwnNames(json, common);
  const names = { ...common, intermediate_size: 'hidden_dim' };
  const defaults = { dim: 768, hidden_dim: 3072, n_layers: 6, n_heads: 12 } as const;
  const sizes = Object.entries(names).map(([name, own]) => [
    name,
    fields.positiveInteger(own, { fallback: defaults[own as keyof typeof defaults] }),
  ]);
  const renamed = { ...json, ...Object.fromEntries(sizes), hidden_act: json.activation ?? 'gelu' };
  return parseEncoderConfig(renamed, 'distilbert', { type_vocab_size: 1, bos: null, eos: null, pad: 0 });
}

function distilbert(config: EncoderConfig) {
  return nn.module(
    'DistilBertModel',
    {
      embeddings: embeddings(config),
      transformer: nn.module('Transformer', {
        layer: nn.blocks(config.num_hidden_layers, (layer) => block(config, layer)),
      }),
    },
    ({ embeddings, transformer }) =>
      (pass: nn.ForwardPass) =>
        transformer.layer.forward(pass, embeddings.forward(pass)),
  );
}

function embeddings({ vocab_size: V, hidden_size: C, ...config }: EncoderConfig) {
  return nn.module(
    'Embeddings',
    {
      word_embeddings: nn.embedding(V, C, { padding: config.pad_token_id }),
      position_embeddings: nn.embedding(config.max_position_embeddings, C),
      LayerNorm: nn.layerNorm(C, EPS),
      dropout: nn.dropout,
    },
    ({ word_embeddings, position_embeddings, LayerNorm }) =>
      (pass: nn.ForwardPass): Value => {
        const words = word_embeddings.forward(pass, pass.inputs.value('input_ids'));
        const places = position_embeddings.forward(pass, pass.inputs.value('position_ids'));
        return LayerNorm.forward(pass, add(pass.g, words, places));
      },
  );
}

function block(config: EncoderConfig, layer: number) {
  const { hidden_size: C, intermediate_size: F } = config;
  return nn.module(
    'TransformerBlock',
    {
      attention: nn.module('DistilBertSelfAttention', {
        q_lin: nn.linear(C, C),
        k_lin: nn.linear(C, C),
        v_lin: nn.linear(C, C),
        out_lin: nn.linear(C, C),
        dropout: nn.dropout,
      }),
      sa_layer_norm: nn.layerNorm(C, EPS),
      ffn: nn.module('FFN', {
        dropout: nn.dropout,
        lin1: nn.linear(C, F),
        lin2: nn.linear(F, C),
        activation: nn.activation(config.hidden_act),
      }),
      output_layer_norm: nn.layerNorm(C, EPS),
    },
    ({ attention, sa_layer_norm, ffn, output_layer_norm }) =>
      encoderForward(config, layer, {
        query: attention.q_lin,
        key: attention.k_lin,
        value: attention.v_lin,
        attended: attention.out_lin,
        attentionNorm: sa_layer_norm,
        up: ffn.lin1,
        act: ffn.activation,
        down: ffn.lin2,
        outputNorm: output_layer_norm,
      }),
  );
}
