import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { withAlibi } from '../../ops/attention/alibi';
import { repeatHeads } from '../../ops/attention/repeat_heads';
import { resizeHeads } from '../../ops/attention/resize_heads';
import { sliceColumns } from '../../ops/rows/slice_columns';
import type { ConstantSpec, Network } from '../architecture';
import { initialStdOf, languageHead, scoreHead } from '../heads';
import * as nn from '../nn';
import { alibiTable } from '../positions/alibi_table';
import { longTexts, ropeConstant } from '../positions/rope_table';
import { textSizesOf } from '../text_sizes';
import { type FalconConfig, parseFalconConfig } from './falcon_config';

/** A Falcon's configuration, with the sizes and tables that are derived from it. */
interface Falcon extends FalconConfig {
  /** The size of a head. */
  readonly D: number;
  /** The table of rotary positions, or of ALiBi's biases. */
  readonly table: ConstantSpec;
}

/** `model_type: "falcon"`: fused q, k and v; attention and MLP in parallel or in sequence; rotary positions or ALiBi. */
export function createFalcon(json: PretrainedConfig): Network {
  const config = parseFalconConfig(json);
  const { hidden_size: C, vocab_size: V, num_attention_heads: H, rope } = config;
  const text = textSizesOf(config, config.max_position_embeddings, rope === undefined ? 'mask' : 'row');
  const { maxLength } = text;
  const D = C / H;
  const table =
    rope === undefined
      ? { name: 'alibi', shape: [maxLength, H], compute: () => alibiTable(H, maxLength) }
      : ropeConstant('rope', rope, D, maxLength);
  const transformer = falcon({ ...config, D, table })('transformer');
  const tiedTo = config.tie_word_embeddings ? transformer.word_embeddings.name : undefined;
  const initialStd = initialStdOf(json);
  return {
    config: json,
    text: { ...text, longTexts: rope && longTexts(rope, maxLength) },
    ...nn.network(transformer),
    constants: [table],
    hiddenSize: C,
    initialStd,
    heads: {
      causal_lm: () => languageHead({ className: 'FalconForCausalLM', C, V, tiedTo }),
      sequence_classification: scoreHead({ className: 'FalconForSequenceClassification', C, std: initialStd }),
    },
  };
}

function falcon(config: Falcon) {
  const { vocab_size: V, hidden_size: C } = config;
  return nn.module(
    'FalconModel',
    {
      word_embeddings: nn.embedding(V, C),
      h: nn.blocks(config.num_hidden_layers, (layer) => BLOCKS[config.block](config, layer)),
      ln_f: norm(config),
      rotary_emb: nn.module('FalconRotaryEmbedding', {}),
    },
    ({ word_embeddings, h, ln_f }) =>
      (pass: nn.ForwardPass) =>
        ln_f.forward(pass, h.forward(pass, word_embeddings.forward(pass, pass.inputs.value('input_ids')))),
  );
}

const BLOCKS = { shared: sharedBlock, parallel: parallelBlock, sequential: sequentialBlock } as const satisfies Record<
  FalconConfig['block'],
  (config: Falcon, layer: number) => nn.Unnamed<nn.Unary>
>;

/** Creates a block in which attention and MLP run in parallel, after the same norm. */
function sharedBlock(config: Falcon, layer: number): nn.Unnamed<nn.Unary> {
  return nn.module(
    'FalconDecoderLayer',
    { self_attention: attention(config, layer), mlp: mlp(config), input_layernorm: norm(config) },
    ({ self_attention, mlp, input_layernorm }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const inputs = [self_attention.query_key_value, mlp.dense_h_to_4h] as const;
        const [qkv, wide] = nn.linears(pass, inputs, input_layernorm.forward(pass, x));
        return mlp.forward(pass, wide, self_attention.forward(pass, qkv, x));
      },
  );
}

/** Creates a block in which attention and MLP run in parallel, each after its own norm. */
function parallelBlock(config: Falcon, layer: number): nn.Unnamed<nn.Unary> {
  return nn.module(
    'FalconDecoderLayer',
    { self_attention: attention(config, layer), mlp: mlp(config), ln_attn: norm(config), ln_mlp: norm(config) },
    ({ self_attention, mlp, ln_attn, ln_mlp }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const qkv = self_attention.query_key_value.forward(pass, ln_attn.forward(pass, x));
        const attended = self_attention.forward(pass, qkv, x);
        return mlp.forward(pass, mlp.dense_h_to_4h.forward(pass, ln_mlp.forward(pass, x)), attended);
      },
  );
}

/** Creates a block in which the MLP follows attention. */
function sequentialBlock(config: Falcon, layer: number): nn.Unnamed<nn.Unary> {
  return nn.module(
    'FalconDecoderLayer',
    {
      self_attention: attention(config, layer),
      mlp: mlp(config),
      post_attention_layernorm: norm(config),
      input_layernorm: norm(config),
    },
    ({ self_attention, mlp, post_attention_layernorm, input_layernorm }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const qkv = self_attention.query_key_value.forward(pass, input_layernorm.forward(pass, x));
        const attended = self_attention.forward(pass, qkv, x);
        const normed = post_attention_layernorm.forward(pass, attended);
        return mlp.forward(pass, mlp.dense_h_to_4h.forward(pass, normed), attended);
      },
  );
}

function norm({ hidden_size: C, layer_norm_epsilon }: Falcon): nn.Unnamed<nn.Unary> {
  return nn.layerNorm(C, layer_norm_epsilon);
}

/** Creates the attention. Its `forward` takes the results of `query_key_value`, which the block computes. */
function attention(config: Falcon, layer: number) {
  const { hidden_size: C, kvHeads: Hkv, D, bias } = config;
  return nn.module(
    'FalconAttention',
    {
      query_key_value: nn.linear(C, C + 2 * Hkv * D, bias),
      dense: nn.linear(C, C, bias),
      attention_dropout: nn.dropout,
    },
    ({ dense }) =>
      (pass: nn.ForwardPass, qkv: Value, residual: Value) =>
        dense.forward(pass, attend(pass, config, layer, qkv), residual),
  );
}

/** Computes attention. In the fused results, each head of keys and values comes after the query heads that read it. */
function attend({ g, inputs }: nn.ForwardPass, config: Falcon, layer: number, qkv: Value): Value {
  const { num_attention_heads: H, kvHeads: Hkv, D } = config;
  const queries = (H / Hkv) * D;
  const q = sliceColumns(g, qkv, 0, queries, Hkv);
  const k = sliceColumns(g, qkv, queries, D, Hkv);
  const v = sliceColumns(g, qkv, queries + D, D, Hkv);
  const positions = inputs.value('position_ids');
  const table = inputs.constant(config.table.name);
  if (config.rope !== undefined) {
    return inputs.attend(layer, q, k, v, { H, Hkv, D, rotary: { table, positions } });
  }
  // `withAlibi` stores the biases of a query head in a column of its keys, so query heads that share keys need copies of them.
  const ofEach = (shared: Value): Value => (Hkv === H ? shared : repeatHeads(g, shared, D, H / Hkv));
  const heads = withAlibi(g, { q, k: ofEach(k), v: ofEach(v), table, positions, D });
  const made = inputs.attend(layer, heads.q, heads.k, heads.v, { H, Hkv: H, D: heads.D, scale: 1 / Math.sqrt(D) });
  return resizeHeads(g, made, heads.D, D);
}

/** Creates the MLP. Its `forward` takes the results of `dense_h_to_4h`, which the block computes. */
function mlp({ hidden_size: C, ffn_hidden_size: F, bias, activation }: Falcon) {
  return nn.module(
    'FalconMLP',
    { dense_h_to_4h: nn.linear(C, F, bias), act: nn.activation(activation), dense_4h_to_h: nn.linear(F, C, bias) },
    ({ act, dense_4h_to_h }) =>
      (pass: nn.ForwardPass, wide: Value, residual: Value) =>
        dense_4h_to_h.forward(pass, act.forward(pass, wide), residual),
  );
}
