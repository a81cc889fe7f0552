import { Fields, type JsonObject } from '../../core/input/fields';
import { parseActivation } from '../activations';
import {
  expectDecoder,
  MAX,
  parseDtype,
  parseRotatedHead,
  parseTokens,
  parseWidthAndHeads,
  unsupported,
} from '../config_fields';
import { parseRope, ropeFields } from '../positions/rope_config';

/** The fields of config.json that a Falcon needs. */
export type FalconConfig = ReturnType<typeof parseFalconConfig>;

/**
 * Parses a Falcon's config.json, written by transformers 4 or 5. The sizes of vocabulary and hidden states and the numbers of layers and
 * heads are required; other fields have Hugging Face's defaults. The base model's dropout, which transformers' Trainer applies, is ignored.
 * Throws `invalid_format` for invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseFalconConfig(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  expectDecoder(fields, 'falcon');
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const [hidden_size, num_attention_heads] = parseWidthAndHeads(fields);
  const kvHeads = parseKvHeads(fields, num_attention_heads);
  const max_position_embeddings = fields.positiveInteger('max_position_embeddings', {
    fallback: 2048,
    max: MAX.positions,
  });
  const rope = fields.boolean('alibi', false)
    ? undefined
    : parseRope(fields, ropeFields(fields), {
        head_dim: parseRotatedHead(fields, hidden_size / num_attention_heads),
        max_position_embeddings,
      });
  return Object.freeze({
    model_type: 'falcon',
    vocab_size,
    hidden_size,
    ffn_hidden_size: fields.positiveInteger('ffn_hidden_size', { fallback: 4 * hidden_size, max: 4 * MAX.width }),
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    kvHeads,
    max_position_embeddings,
    layer_norm_epsilon: fields.positiveNumber('layer_norm_epsilon', { fallback: 1e-5, max: 1 }),
    activation: parseActivation(fields, 'activation', 'gelu'),
    bias: fields.boolean('bias', false),
    /** Undefined for a model with ALiBi. */
    rope,
    block: parseBlock(fields),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', true),
    ...parseTokens(fields, vocab_size, { bos: 11, eos: 11, pad: null, padded: false }),
    dtype: parseDtype(fields),
  });
}

/**
 * Parses the number of key and value heads. In the old layout it is 1 with `multi_query`, else the number of query heads; the new layout
 * has the field `num_kv_heads`.
 */
function parseKvHeads(fields: Fields, heads: number): number {
  if (!isNew(fields)) return trueUnlessNull(fields, 'multi_query') ? 1 : heads;
  const kvHeads = fields.positiveInteger('num_kv_heads', { fallback: heads, max: heads });
  if (heads % kvHeads !== 0) throw fields.invalid('num_kv_heads', `a divisor of num_attention_heads, ${heads}`);
  return kvHeads;
}

/**
 * Parses the kind of block: attention and MLP in parallel, either after the same norm ('shared') or each after its own ('parallel'), or the
 * MLP after attention ('sequential').
 */
function parseBlock(fields: Fields): 'shared' | 'parallel' | 'sequential' {
  const parallel = trueUnlessNull(fields, 'parallel_attn');
  const norms = fields.positiveInteger('num_ln_in_parallel_attn', { fallback: isNew(fields) ? 2 : 1 });
  const supported = isNew(fields) ? [1, 2] : [1];
  if (!supported.includes(norms)) throw unsupported('num_ln_in_parallel_attn', norms, supported);
  if (isNew(fields) && !parallel) throw unsupported('parallel_attn', parallel, [true]);
  if (!parallel) return 'sequential';
  return norms === 2 ? 'parallel' : 'shared';
}

/** Parses a field that is true if a file lacks it. As in transformers, null is false. */
function trueUnlessNull(fields: Fields, key: string): boolean {
  return fields.boolean(key, !fields.has(key));
}

/** Whether the model has the layout of Falcon-40B and later models. */
function isNew(fields: Fields): boolean {
  return fields.boolean('new_decoder_architecture', false);
}
