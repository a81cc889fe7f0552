import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { parseActivation } from '../activations';
import type { Network } from '../architecture';
import { expectDecoder, MAX, oneOf, parseDtype, parseTokens, parseWidthAndHeads } from '../config_fields';
import { initialStdOf, languageHead, scoreHead } from '../heads';
import * as nn from '../nn';
import { textSizesOf } from '../text_sizes';

/** The epsilon of all norms: torch's default, as OPT's config.json has no field for it. */
const EPS = 1e-5;

/** The row of the first position in the table of positions. Padding uses the row before it. */
const POSITION_OFFSET = 2;

/** `model_type: "opt"`: LayerNorm before or after attention and MLP, learned positions that don't count padding; tied or untied head. */
export function createOpt(json: PretrainedConfig): Network {
  const config = parseOptConfig(json);
  const { word_embed_proj_dim: E, vocab_size: V } = config;
  const model = opt(config)('model');
  const tiedTo = config.tie_word_embeddings ? model.decoder.embed_tokens.name : undefined;
  const initialStd = initialStdOf(json, 'init_std');
  return {
    config: json,
    text: textSizesOf(config, config.max_position_embeddings, 'mask'),
    ...nn.network(model),
    constants: [],
    hiddenSize: E,
    initialStd,
    heads: {
      causal_lm: () => languageHead({ className: 'OPTForCausalLM', C: E, V, tiedTo }),
      sequence_classification: scoreHead({ className: 'OPTForSequenceClassification', C: E, std: initialStd }),
    },
  };
}

function opt(config: OptConfig) {
  return nn.module('OPTModel', { decoder: decoder(config) }, ({ decoder }) => decoder.forward);
}

function decoder(config: OptConfig) {
  const { vocab_size: V, hidden_size: C, word_embed_proj_dim: E, max_position_embeddings: P } = config;
  const isProjected = E !== C;
  return nn.module(
    'OPTDecoder',
    {
      embed_tokens: nn.embedding(V, E, { padding: config.pad_token_id }),
      embed_positions: nn.embedding(P + POSITION_OFFSET, C, {
        type: 'OPTLearnedPositionalEmbedding',
        offset: POSITION_OFFSET,
      }),
      project_out: isProjected ? nn.linear(C, E, false) : undefined,
      project_in: isProjected ? nn.linear(E, C, false) : undefined,
      final_layer_norm: config.final_layer_norm ? nn.layerNorm(C, EPS) : undefined,
      layers: nn.blocks(config.num_hidden_layers, (layer) => block(config, layer)),
    },
    ({ embed_tokens, embed_positions, project_out, project_in, final_layer_norm, layers }) =>
      (pass: nn.ForwardPass) => {
        const { g, inputs } = pass;
        const tokens = embed_tokens.forward(pass, inputs.value('input_ids'));
        const projected = project_in?.forward(pass, tokens) ?? tokens;
        const x = add(g, projected, embed_positions.forward(pass, inputs.value('position_ids')));
        const hidden = layers.forward(pass, x);
        const normed = final_layer_norm?.forward(pass, hidden) ?? hidden;
        return project_out?.forward(pass, normed) ?? normed;
      },
  );
}

function block(config: OptConfig, layer: number) {
  const { hidden_size: C, ffn_dim: F, enable_bias, do_layer_norm_before: before } = config;
  return nn.module(
    'OPTDecoderLayer',
    {
      self_attn: attention(config, layer),
      activation_fn: nn.activation(config.activation_function),
      self_attn_layer_norm: nn.layerNorm(C, EPS),
      fc1: nn.linear(C, F, enable_bias),
      fc2: nn.linear(F, C, enable_bias),
      final_layer_norm: nn.layerNorm(C, EPS),
    },
    ({ self_attn, activation_fn, self_attn_layer_norm, fc1, fc2, final_layer_norm }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const normedBefore = (norm: nn.Unary, value: Value): Value => (before ? norm.forward(pass, value) : value);
        const normedAfter = (norm: nn.Unary, value: Value): Value => (before ? value : norm.forward(pass, value));
        const sum = self_attn.forward(pass, normedBefore(self_attn_layer_norm, x), x);
        const attended = normedAfter(self_attn_layer_norm, sum);
        const wide = activation_fn.forward(pass, fc1.forward(pass, normedBefore(final_layer_norm, attended)));
        return normedAfter(final_layer_norm, fc2.forward(pass, wide, attended));
      },
  );
}

function attention({ hidden_size: C, num_attention_heads: H, enable_bias }: OptConfig, layer: number) {
  return nn.module(
    'OPTAttention',
    {
      k_proj: nn.linear(C, C, enable_bias),
      v_proj: nn.linear(C, C, enable_bias),
      q_proj: nn.linear(C, C, enable_bias),
      out_proj: nn.linear(C, C, enable_bias),
    },
    ({ k_proj, v_proj, q_proj, out_proj }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) => {
        const [q, k, v] = nn.linears(pass, [q_proj, k_proj, v_proj], x);
        return out_proj.forward(pass, pass.inputs.attend(layer, q, k, v, { H, Hkv: H, D: C / H }), residual);
      },
  );
}

/** The fields of config.json that an OPT needs. */
type OptConfig = ReturnType<typeof parseOptConfig>;

/**
 * Parses an OPT's config.json. All sizes except `word_embed_proj_dim` and `max_position_embeddings` are required; other fields have Hugging
 * Face's defaults. The base model's dropout, which transformers' Trainer applies, is ignored. Throws `invalid_format` for invalid values,
 * `unsupported_model` for values that aren't supported.
 */
export function parseOptConfig(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  expectDecoder(fields, 'opt');
  oneOf(fields, 'layer_norm_elementwise_affine', [true]);
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const [hidden_size, num_attention_heads] = parseWidthAndHeads(fields);
  const do_layer_norm_before = fields.boolean('do_layer_norm_before', true);
  return Object.freeze({
    model_type: 'opt',
    vocab_size,
    hidden_size,
    /** The width of the token embeddings. If it isn't `hidden_size`, linear layers project from one width to the other. */
    word_embed_proj_dim: fields.positiveInteger('word_embed_proj_dim', { fallback: hidden_size, max: MAX.width }),
    ffn_dim: fields.positiveInteger('ffn_dim', { max: MAX.width }),
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', { fallback: 2048, max: MAX.positions }),
    /** Whether norms come before attention and MLP; otherwise they come after the residual sums. */
    do_layer_norm_before,
    /** Whether there is a norm after the last layer. */
    final_layer_norm: !fields.boolean('_remove_final_layer_norm', false) && do_layer_norm_before,
    activation_function: parseActivation(fields, 'activation_function', 'relu'),
    enable_bias: fields.boolean('enable_bias', true),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', true),
    ...parseTokens(fields, vocab_size, { bos: 2, eos: 2, pad: 1 }),
    dtype: parseDtype(fields),
  });
}
