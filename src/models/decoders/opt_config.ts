import { Fields, type JsonObject } from '../../core/fields';
import { type ActivationName, parseActivation } from '../activations';
import {
  expectModelType,
  MAX,
  oneOf,
  parseDtype,
  parseTokens,
  type SpecialTokens,
  type StoredDtype,
} from '../config_fields';

/** What an OPT needs of its config.json, under Hugging Face's names and with their defaults. */
export interface OptConfig extends SpecialTokens {
  readonly model_type: 'opt';
  readonly vocab_size: number;
  /** A multiple of `num_attention_heads`. */
  readonly hidden_size: number;
  /** Width of the token embeddings; where it isn't `hidden_size`, hidden states are projected in and out. */
  readonly word_embed_proj_dim: number;
  /** Width of the MLP. */
  readonly ffn_dim: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** The longest sequence; the table of positions has two rows more. */
  readonly max_position_embeddings: number;
  /** Norms before attention and MLP, or after the sums. */
  readonly do_layer_norm_before: boolean;
  /** Whether a norm follows the last layer. */
  readonly final_layer_norm: boolean;
  readonly activation_function: ActivationName;
  /** Biases on the linear layers. */
  readonly enable_bias: boolean;
  readonly tie_word_embeddings: boolean;
  readonly dtype: StoredDtype | null;
}

/**
 * Reads a config.json of `model_type` "opt". Sizes must be there, but for `word_embed_proj_dim` and
 * `max_position_embeddings`; the rest has Hugging Face's defaults. The base's own dropout isn't read: a frozen base runs
 * without. Throws `invalid_format` for what no OPT has, `unsupported_model` for what some have and we don't know.
 */
export function parseOptConfig(json: JsonObject): OptConfig {
  const fields = new Fields(json, 'config.json');
  expectModelType(fields, 'opt');
  oneOf(fields, 'layer_norm_elementwise_affine', [true]);
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const hidden_size = fields.positiveInteger('hidden_size', { max: MAX.width });
  const num_attention_heads = fields.positiveInteger('num_attention_heads', { max: MAX.heads });
  if (hidden_size % num_attention_heads !== 0) {
    throw fields.invalid('hidden_size', `a multiple of num_attention_heads, ${num_attention_heads}`);
  }
  const do_layer_norm_before = fields.boolean('do_layer_norm_before', true);
  return Object.freeze({
    model_type: 'opt',
    vocab_size,
    hidden_size,
    word_embed_proj_dim: fields.positiveInteger('word_embed_proj_dim', { fallback: hidden_size, max: MAX.width }),
    ffn_dim: fields.positiveInteger('ffn_dim', { max: MAX.width }),
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', { fallback: 2048, max: MAX.positions }),
    do_layer_norm_before,
    final_layer_norm: !fields.boolean('_remove_final_layer_norm', false) && do_layer_norm_before,
    activation_function: parseActivation(fields, 'activation_function', 'relu'),
    enable_bias: fields.boolean('enable_bias', true),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', true),
    ...parseTokens(fields, vocab_size, { bos: 0, eos: 2, pad: 1 }),
    dtype: parseDtype(fields),
  });
}
