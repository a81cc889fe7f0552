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

/** What a GPT-2 needs of its config.json, under Hugging Face's names and with their defaults. */
export interface Gpt2Config extends SpecialTokens {
  readonly model_type: 'gpt2';
  readonly vocab_size: number;
  /** Rows of the table of positions. */
  readonly n_positions: number;
  /** A multiple of `n_head`. */
  readonly n_embd: number;
  readonly n_layer: number;
  readonly n_head: number;
  /** Width of the MLP; null in the file means 4·n_embd. */
  readonly n_inner: number;
  readonly layer_norm_epsilon: number;
  /** Whether scores are divided by √(head size), and by the layer's number, which counts from 1. */
  readonly scale_attn_weights: boolean;
  readonly scale_attn_by_inverse_layer_idx: boolean;
  readonly activation_function: ActivationName;
  readonly tie_word_embeddings: boolean;
  readonly dtype: StoredDtype | null;
}

/**
 * Reads a config.json of `model_type` "gpt2". Sizes must be there, but for `n_inner` and `n_positions`; the rest has
 * Hugging Face's defaults. The base's own dropout isn't read: a frozen base runs without. Throws `invalid_format` for
 * what no GPT-2 has, `unsupported_model` for what some have and we don't know.
 */
export function parseGpt2Config(json: JsonObject): Gpt2Config {
  const fields = new Fields(json, 'config.json');
  expectModelType(fields, 'gpt2');
  // Changes the order of rounding in half precision alone.
  fields.boolean('reorder_and_upcast_attn', false);
  oneOf(fields, 'add_cross_attention', [false]);
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const n_embd = fields.positiveInteger('n_embd', { max: MAX.width });
  const n_head = fields.positiveInteger('n_head', { max: MAX.heads });
  if (n_embd % n_head !== 0) throw fields.invalid('n_embd', `a multiple of n_head, ${n_head}`);
  return Object.freeze({
    model_type: 'gpt2',
    vocab_size,
    n_positions: fields.positiveInteger('n_positions', { fallback: 1024, max: MAX.positions }),
    n_embd,
    n_layer: fields.positiveInteger('n_layer', { max: MAX.layers }),
    n_head,
    n_inner: fields.positiveInteger('n_inner', { fallback: 4 * n_embd, max: 4 * MAX.width }),
    layer_norm_epsilon: fields.positiveNumber('layer_norm_epsilon', { fallback: 1e-5, max: 1 }),
    scale_attn_weights: fields.boolean('scale_attn_weights', true),
    scale_attn_by_inverse_layer_idx: fields.boolean('scale_attn_by_inverse_layer_idx', false),
    activation_function: parseActivation(fields, 'activation_function', 'gelu_new'),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', true),
    ...parseTokens(fields, vocab_size, { bos: 50256, eos: 50256, pad: null }),
    dtype: parseDtype(fields),
  });
}
