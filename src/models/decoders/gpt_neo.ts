import type { Fields, JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { parseActivation } from '../activations';
import type { Network } from '../architecture';
import {
  expectDecoder,
  fieldsByOwnNames,
  MAX,
  parseDtype,
  parseTokens,
  parseWidthAndHeads,
  unsupported,
} from '../config_fields';
import * as nn from '../nn';
import { createGpt } from './gpt2';

/** `model_type: "gpt_neo"`, such as TinyStories: a GPT-2 with scores that aren't scaled, and with a window in some layers. */
export function createGptNeo(json: PretrainedConfig): Network {
  const config = parseGptNeoConfig(json);
  return createGpt(json, {
    ...config,
    className: 'GPTNeo',
    causalClass: 'GPTNeoForCausalLM',
    linear: nn.linear,
    attention: (layer) => attention(config, layer),
  });
}

function attention(config: GptNeoConfig, layer: number) {
  const attention = selfAttention(config, layer);
  return nn.module('GPTNeoAttention', { attention }, ({ attention }) => attention.forward);
}

function selfAttention({ hidden_size: C, num_heads: H, local, window_size: window }: GptNeoConfig, layer: number) {
  const heads = { H, Hkv: H, D: C / H, scale: 1, ...(local[layer] && { window }) };
  return nn.module(
    'GPTNeoSelfAttention',
    {
      attn_dropout: nn.dropout,
      resid_dropout: nn.dropout,
      k_proj: nn.linear(C, C, false),
      v_proj: nn.linear(C, C, false),
      q_proj: nn.linear(C, C, false),
      out_proj: nn.linear(C, C),
    },
    ({ k_proj, v_proj, q_proj, out_proj }) =>
      (pass: nn.ForwardPass, x: Value, residual?: Value) => {
        const [q, k, v] = nn.linears(pass, [q_proj, k_proj, v_proj], x);
        return out_proj.forward(pass, pass.inputs.attend(layer, q, k, v, heads), residual);
      },
  );
}

/** The fields of config.json that a GPT-Neo needs. */
type GptNeoConfig = ReturnType<typeof parseGptNeoConfig>;

/**
 * Parses a GPT-Neo's config.json. The sizes of vocabulary and hidden states and the numbers of layers and heads are required; other fields
 * have Hugging Face's defaults. The base model's dropout, which transformers' Trainer applies, is ignored. Throws `invalid_format` for
 * invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseGptNeoConfig(json: JsonObject) {
  const fields = fieldsByOwnNames(json, { num_attention_heads: 'num_heads', num_hidden_layers: 'num_layers' });
  expectDecoder(fields, 'gpt_neo');
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const [hidden_size, num_heads] = parseWidthAndHeads(fields, 'hidden_size', 'num_heads');
  const num_layers = fields.positiveInteger('num_layers', { max: MAX.layers });
  return Object.freeze({
    model_type: 'gpt_neo',
    vocab_size,
    hidden_size,
    intermediate_size: fields.positiveInteger('intermediate_size', { fallback: 4 * hidden_size, max: 4 * MAX.width }),
    num_layers,
    num_heads,
    /** Whether the queries of each layer attend to a window of `window_size` tokens only, up to and including their own. */
    local: parseLocalLayers(fields, num_layers),
    window_size: fields.positiveInteger('window_size', { fallback: 256, max: MAX.positions }),
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', { fallback: 2048, max: MAX.positions }),
    layer_norm_epsilon: fields.positiveNumber('layer_norm_epsilon', { fallback: 1e-5, max: 1 }),
    activation_function: parseActivation(fields, 'activation_function', 'gelu_new'),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', true),
    ...parseTokens(fields, vocab_size, { bos: 50256, eos: 50256, pad: null, padded: false }),
    dtype: parseDtype(fields),
  });
}

const TYPES: readonly unknown[] = ['global', 'local'];

/**
 * Returns whether each layer's attention is local. The types come from `attention_layers`, which takes precedence as in transformers, or
 * from `attention_types`, which has lists of types, each with a number of repetitions.
 */
function parseLocalLayers(fields: Fields, count: number): readonly boolean[] {
  const layers = fields.get('attention_layers');
  const key = layers === undefined ? 'attention_types' : 'attention_layers';
  const types = layers ?? repeatedTypes(fields.get(key) ?? [[TYPES, 12]], count);
  if (!Array.isArray(types) || types.length !== count) throw fields.invalid(key, `the types of ${count} layers`);
  const other = types.find((type) => !TYPES.includes(type));
  if (other !== undefined) throw unsupported(key, other, TYPES);
  return Object.freeze(types.map((type) => type === 'local'));
}

/** Expands `attention_types` to a list of layer types; undefined if it has another form, or gives more than `count` types. */
function repeatedTypes(lists: unknown, count: number): readonly unknown[] | undefined {
  if (!Array.isArray(lists)) return undefined;
  const types: unknown[] = [];
  for (const list of lists) {
    const [names, times] = Array.isArray(list) ? list : [];
    const isRepeated = Array.isArray(names) && names.length > 0 && Number.isSafeInteger(times) && times > 0;
    if (!isRepeated || names.length * times > count - types.length) return undefined;
    types.push(...Array(times).fill(names).flat());
  }
  return types;
}
