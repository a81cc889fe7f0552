import type { JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { sliceColumns } from '../../ops/rows/slice_columns';
import { type ActivationName, parseActivation } from '../activations';
import type { Network } from '../architecture';
import {
  expectDecoder,
  fieldsByOwnNames,
  MAX,
  oneOf,
  parseDtype,
  parseTokens,
  parseWidthAndHeads,
  type SpecialTokens,
} from '../config_fields';
import { initialStdOf, languageHead, scoreHead } from '../heads';
import * as nn from '../nn';
import { textSizesOf } from '../text_sizes';
import type { BlockPart } from './gated/gated_parts';

/** `model_type: "gpt2"`: fused q, k and v; scores that may be scaled by layer. */
export function createGpt2(json: PretrainedConfig): Network {
  const config = parseGpt2Config(json);
  return createGpt(json, {
    ...config,
    className: 'GPT2',
    causalClass: 'GPT2LMHeadModel',
    hidden_size: config.n_embd,
    intermediate_size: config.n_inner,
    max_position_embeddings: config.n_positions,
    num_layers: config.n_layer,
    linear: nn.conv1D,
    attention: (layer) => attention(config, layer),
  });
}

/** The sizes of a GPT-2 or a similar network, and the functions that create the modules in which such families differ. */
interface Gpt extends SpecialTokens {
  /** The prefix of transformers' class names, such as 'GPT2'. */
  readonly className: string;
  /** The name of transformers' class for the network with a language model's head. */
  readonly causalClass: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  /** The width of the MLP. */
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly num_layers: number;
  readonly layer_norm_epsilon: number;
  readonly activation_function: ActivationName;
  readonly tie_word_embeddings: boolean;
  /** Creates a linear layer of the MLP. */
  readonly linear: (inFeatures: number, outFeatures: number) => nn.Unnamed<nn.Linear>;
  readonly attention: (layer: number) => nn.Unnamed<BlockPart>;
}

/** Creates a network with LayerNorm before attention and MLP, and with learned positions; tied or untied head. */
export function createGpt(json: PretrainedConfig, gpt: Gpt): Network {
  const { className, hidden_size: C, vocab_size: V } = gpt;
  const transformer = model(gpt)('transformer');
  const tiedTo = gpt.tie_word_embeddings ? transformer.wte.name : undefined;
  const initialStd = initialStdOf(json);
  return {
    config: json,
    text: textSizesOf(gpt, gpt.max_position_embeddings, 'row'),
    ...nn.network(transformer),
    constants: [],
    hiddenSize: C,
    initialStd,
    heads: {
      causal_lm: () => languageHead({ className: gpt.causalClass, C, V, tiedTo }),
      sequence_classification: scoreHead({ className: `${className}ForSequenceClassification`, C, std: initialStd }),
    },
  };
}

function model(gpt: Gpt) {
  const { vocab_size: V, max_position_embeddings: P, hidden_size: C, layer_norm_epsilon: eps } = gpt;
  return nn.module(
    `${gpt.className}Model`,
    {
      wte: nn.embedding(V, C),
      wpe: nn.embedding(P, C),
      drop: nn.dropout,
      h: nn.blocks(gpt.num_layers, (layer) => block(gpt, layer)),
      ln_f: nn.layerNorm(C, eps),
    },
    ({ wte, wpe, h, ln_f }) =>
      (pass: nn.ForwardPass) => {
        const { g, inputs } = pass;
        const tokens = wte.forward(pass, inputs.value('input_ids'));
        const x = add(g, tokens, wpe.forward(pass, inputs.value('position_ids')));
        return ln_f.forward(pass, h.forward(pass, x));
      },
  );
}

function block(gpt: Gpt, layer: number) {
  const { hidden_size: C, layer_norm_epsilon: eps } = gpt;
  return nn.module(
    `${gpt.className}Block`,
    { ln_1: nn.layerNorm(C, eps), attn: gpt.attention(layer), ln_2: nn.layerNorm(C, eps), mlp: mlp(gpt) },
    ({ ln_1, attn, ln_2, mlp }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const attended = attn.forward(pass, ln_1.forward(pass, x), x);
        return mlp.forward(pass, ln_2.forward(pass, attended), attended);
      },
  );
}

function mlp({ className, hidden_size: C, intermediate_size: F, activation_function, linear }: Gpt) {
  return nn.module(
    `${className}MLP`,
    { c_fc: linear(C, F), c_proj: linear(F, C), act: nn.activation(activation_function), dropout: nn.dropout },
    ({ c_fc, c_proj, act }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) =>
        c_proj.forward(pass, act.forward(pass, c_fc.forward(pass, x)), residual),
  );
}

function attention(config: Gpt2Config, layer: number) {
  const { n_embd: C, n_head: H } = config;
  const scale = scaleOf(config, layer);
  const heads = { H, Hkv: H, D: C / H, ...(scale !== undefined && { scale }) };
  return nn.module(
    'GPT2Attention',
    { c_attn: nn.conv1D(C, 3 * C), c_proj: nn.conv1D(C, C), attn_dropout: nn.dropout, resid_dropout: nn.dropout },
    ({ c_attn, c_proj }) =>
      (pass: nn.ForwardPass, x: Value, residual?: Value) => {
        const fused = c_attn.forward(pass, x);
        const part = (index: number): Value => sliceColumns(pass.g, fused, index * C, C);
        return c_proj.forward(pass, pass.inputs.attend(layer, part(0), part(1), part(2), heads), residual);
      },
  );
}

/** Returns the factor of a layer's scores; undefined for the usual 1 / √D. */
function scaleOf(config: Gpt2Config, layer: number): number | undefined {
  const { scale_attn_weights, scale_attn_by_inverse_layer_idx, n_embd, n_head } = config;
  if (scale_attn_weights && !scale_attn_by_inverse_layer_idx) return undefined;
  const scale = scale_attn_weights ? 1 / Math.sqrt(n_embd / n_head) : 1;
  return scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale;
}

/** The fields of config.json that a GPT-2 needs. */
type Gpt2Config = ReturnType<typeof parseGpt2Config>;

const COMMON_NAMES = {
  hidden_size: 'n_embd',
  max_position_embeddings: 'n_positions',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
};

/**
 * Parses a GPT-2's config.json. All sizes except `n_inner` and `n_positions` are required; other fields have Hugging Face's defaults. The
 * base model's dropout, which transformers' Trainer applies, is ignored. Throws `invalid_format` for invalid values, `unsupported_model`
 * for values that aren't supported.
 */
export function parseGpt2Config(json: JsonObject) {
  const fields = fieldsByOwnNames(json, COMMON_NAMES);
  expectDecoder(fields, 'gpt2');
  // This field is only validated: in transformers, it changes only the order of rounding in half precision.
  fields.boolean('reorder_and_upcast_attn', false);
  oneOf(fields, 'add_cross_attention', [false]);
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const [n_embd, n_head] = parseWidthAndHeads(fields, 'n_embd', 'n_head');
  return Object.freeze({
    model_type: 'gpt2',
    vocab_size,
    n_positions: fields.positiveInteger('n_positions', { fallback: 1024, max: MAX.positions }),
    n_embd,
    n_layer: fields.positiveInteger('n_layer', { max: MAX.layers }),
    n_head,
    /** The width of the MLP; null in the file means 4·n_embd. */
    n_inner: fields.positiveInteger('n_inner', { fallback: 4 * n_embd, max: 4 * MAX.width }),
    layer_norm_epsilon: fields.positiveNumber('layer_norm_epsilon', { fallback: 1e-5, max: 1 }),
    /** Whether scores are divided by √(head size). */
    scale_attn_weights: fields.boolean('scale_attn_weights', true),
    /** Whether scores are divided by the number of the layer, counted from 1. */
    scale_attn_by_inverse_layer_idx: fields.boolean('scale_attn_by_inverse_layer_idx', false),
    activation_function: parseActivation(fields, 'activation_function', 'gelu_new'),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', true),
    ...parseTokens(fields, vocab_size, { bos: 50256, eos: 50256, pad: null, padded: false }),
    dtype: parseDtype(fields),
  });
}
