import { Fields, type JsonObject } from '../../core/input/fields';
import { parseActivation } from '../activations';
import { expectModelType, MAX, oneOf, parseDtype, parseTokens, parseWidthAndHeads } from '../config_fields';
import { INITIAL_STD } from '../heads';

/** The fields of config.json that an encoder such as BERT needs. */
export type EncoderConfig = ReturnType<typeof parseEncoderConfig>;

/** Hugging Face's defaults that differ between families. */
interface EncoderDefaults {
  readonly type_vocab_size: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly pad: number;
}

/**
 * Parses the config.json of BERT or of an encoder with the same fields. All sizes except `max_position_embeddings` and `type_vocab_size`
 * are required; other fields have Hugging Face's defaults. The base model's dropout, which transformers' Trainer applies, is ignored.
 * Throws `invalid_format` for invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseEncoderConfig(
  json: JsonObject,
  modelType: string,
  { type_vocab_size, ...tokens }: EncoderDefaults,
) {
  const fields = new Fields(json, 'config.json');
  expectModelType(fields, modelType);
  oneOf(fields, 'position_embedding_type', ['absolute']);
  oneOf(fields, 'is_decoder', [false]);
  oneOf(fields, 'add_cross_attention', [false]);
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const [hidden_size, num_attention_heads] = parseWidthAndHeads(fields);
  return Object.freeze({
    vocab_size,
    hidden_size,
    intermediate_size: fields.positiveInteger('intermediate_size', { max: MAX.width }),
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    /** The number of rows in the table of positions. */
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', { fallback: 512, max: MAX.positions }),
    type_vocab_size: fields.positiveInteger('type_vocab_size', { fallback: type_vocab_size, max: 256 }),
    hidden_act: parseActivation(fields, 'hidden_act', 'gelu'),
    layer_norm_eps: fields.positiveNumber('layer_norm_eps', { fallback: 1e-12, max: 1 }),
    initializer_range: fields.positiveNumber('initializer_range', { fallback: INITIAL_STD, max: 1 }),
    ...parseTokens(fields, vocab_size, tokens),
    dtype: parseDtype(fields),
  });
}
