import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { sliceColumns } from '../../ops/rows/slice_columns';
import { parseActivation } from '../activations';
import type { Network } from '../architecture';
import { expectDecoder, MAX, parseDtype, parseRotatedHead, parseTokens, parseWidthAndHeads } from '../config_fields';
import { initialStdOf, languageHead, scoreHead } from '../heads';
import * as nn from '../nn';
import { parseRope, type RopeRules, ropeFields } from '../positions/rope_config';
import { longTexts, ropeConstant } from '../positions/rope_table';
import { textSizesOf } from '../text_sizes';

/**
 * `model_type: "gpt_neox"`, such as Pythia: LayerNorm, fused q, k and v, partly rotated heads; attention and MLP in parallel or in
 * sequence; untied or tied head.
 */
export function createGptNeox(json: PretrainedConfig): Network {
  const config = parseGptNeoxConfig(json);
  const { hidden_size: C, vocab_size: V, head_dim, rope } = config;
  const text = textSizesOf(config, config.max_position_embeddings, 'row');
  const gpt_neox = gptNeox(config)('gpt_neox');
  const tiedTo = config.tie_word_embeddings ? gpt_neox.embed_in.name : undefined;
  const initialStd = initialStdOf(json);
  return {
    config: json,
    text: { ...text, longTexts: longTexts(rope, text.maxLength) },
    ...nn.network(gpt_neox),
    constants: [ropeConstant('rope', rope, head_dim, text.maxLength)],
    hiddenSize: C,
    initialStd,
    heads: {
      causal_lm: () => languageHead({ className: 'GPTNeoXForCausalLM', C, V, tiedTo, storedName: 'embed_out.weight' }),
      sequence_classification: scoreHead({ className: 'GPTNeoXForSequenceClassification', C, std: initialStd }),
    },
  };
}

function gptNeox(config: GptNeoxConfig) {
  const { vocab_size: V, hidden_size: C, layer_norm_eps: eps } = config;
  return nn.module(
    'GPTNeoXModel',
    {
      embed_in: nn.embedding(V, C),
      emb_dropout: nn.dropout,
      layers: nn.blocks(config.num_hidden_layers, (layer) => block(config, layer)),
      final_layer_norm: nn.layerNorm(C, eps),
      rotary_emb: nn.module('GPTNeoXRotaryEmbedding', {}),
    },
    ({ embed_in, layers, final_layer_norm }) =>
      (pass: nn.ForwardPass) =>
        final_layer_norm.forward(pass, layers.forward(pass, embed_in.forward(pass, pass.inputs.value('input_ids')))),
  );
}

function block(config: GptNeoxConfig, layer: number) {
  const { hidden_size: C, layer_norm_eps: eps, use_parallel_residual } = config;
  return nn.module(
    'GPTNeoXLayer',
    {
      input_layernorm: nn.layerNorm(C, eps),
      post_attention_layernorm: nn.layerNorm(C, eps),
      post_attention_dropout: nn.dropout,
      post_mlp_dropout: nn.dropout,
      attention: attention(config, layer),
      mlp: mlp(config),
    },
    ({ input_layernorm, post_attention_layernorm, attention, mlp }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const attended = attention.forward(pass, input_layernorm.forward(pass, x), x);
        const normed = post_attention_layernorm.forward(pass, use_parallel_residual ? x : attended);
        return mlp.forward(pass, normed, attended);
      },
  );
}

function attention(config: GptNeoxConfig, layer: number) {
  const { hidden_size: C, num_attention_heads: H, head_dim: D, attention_bias } = config;
  return nn.module(
    'GPTNeoXAttention',
    { query_key_value: nn.linear(C, 3 * C, attention_bias), dense: nn.linear(C, C, attention_bias) },
    ({ query_key_value, dense }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) => {
        const { g, inputs } = pass;
        const fused = query_key_value.forward(pass, x);
        // The fused columns of a head are its query, its key and its value, D columns each.
        const part = (index: number): Value => sliceColumns(g, fused, index * D, D, H);
        const rotary = { table: inputs.constant('rope'), positions: inputs.value('position_ids') };
        const made = inputs.attend(layer, part(0), part(1), part(2), { H, Hkv: H, D, rotary });
        return dense.forward(pass, made, residual);
      },
  );
}

function mlp({ hidden_size: C, intermediate_size: F, hidden_act }: GptNeoxConfig) {
  return nn.module(
    'GPTNeoXMLP',
    { dense_h_to_4h: nn.linear(C, F), dense_4h_to_h: nn.linear(F, C), act: nn.activation(hidden_act) },
    ({ dense_h_to_4h, dense_4h_to_h, act }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) =>
        dense_4h_to_h.forward(pass, act.forward(pass, dense_h_to_4h.forward(pass, x)), residual),
  );
}

/** The fields of config.json that a GPT-NeoX needs. */
type GptNeoxConfig = ReturnType<typeof parseGptNeoxConfig>;

/** The names that transformers 4 gives to the rotary fields of GPT-NeoX, and the default of the rotated share. */
const ROPE_RULES: RopeRules = { thetaKey: 'rotary_emb_base', partial: { key: 'rotary_pct', share: 0.25 } };

/**
 * Parses a GPT-NeoX's config.json, written by transformers 4 or 5. All sizes except `max_position_embeddings` are required; other fields
 * have Hugging Face's defaults. The base model's dropout, which transformers' Trainer applies, is ignored. Throws `invalid_format` for
 * invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseGptNeoxConfig(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  expectDecoder(fields, 'gpt_neox');
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const [hidden_size, num_attention_heads] = parseWidthAndHeads(fields);
  const head_dim = parseRotatedHead(fields, hidden_size / num_attention_heads);
  const max_position_embeddings = fields.positiveInteger('max_position_embeddings', {
    fallback: 2048,
    max: MAX.positions,
  });
  return Object.freeze({
    model_type: 'gpt_neox',
    vocab_size,
    hidden_size,
    intermediate_size: fields.positiveInteger('intermediate_size', { max: 4 * MAX.width }),
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    head_dim,
    max_position_embeddings,
    layer_norm_eps: fields.positiveNumber('layer_norm_eps', { fallback: 1e-5, max: 1 }),
    hidden_act: parseActivation(fields, 'hidden_act', 'gelu'),
    /** Whether the biases of attention's linear layers exist. Those of the MLP always do. */
    attention_bias: fields.boolean('attention_bias', true),
    /** Whether the MLP reads the same hidden states as attention; otherwise it reads attention's result. */
    use_parallel_residual: fields.boolean('use_parallel_residual', true),
    rope: parseRope(fields, ropeFields(fields), { head_dim, max_position_embeddings }, ROPE_RULES),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', false),
    ...parseTokens(fields, vocab_size, { bos: 0, eos: 2, pad: null, padded: false }),
    dtype: parseDtype(fields),
  });
}
