import { Fields, type JsonObject } from '../../core/input/fields';
import { parseActivation } from '../activations';
import {
  expectModelType,
  MAX,
  oneOf,
  parseDtype,
  parseRotatedHead,
  parseTokens,
  parseWidthAndHeads,
  unsupported,
} from '../config_fields';
import { parseSlidingLayers } from '../decoders/gated/sliding_layers';
import { INITIAL_STD } from '../heads';
import { parseRope, type RopeConfig } from '../positions/rope_config';

/** The fields of config.json that a ModernBERT needs. */
export type ModernBertConfig = ReturnType<typeof parseModernBertConfig>;

/**
 * Parses the config.json of a ModernBERT, written by transformers 4 or 5. The sizes of vocabulary, hidden states and MLP and the numbers of
 * layers and heads are required; other fields have Hugging Face's defaults. Dropout, which transformers' Trainer applies, and fields of the
 * masked language model are ignored. Throws `invalid_format` for invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseModernBertConfig(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  expectModelType(fields, 'modernbert');
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const [hidden_size, num_attention_heads] = parseWidthAndHeads(fields);
  const num_hidden_layers = fields.positiveInteger('num_hidden_layers', { max: MAX.layers });
  return Object.freeze({
    vocab_size,
    hidden_size,
    num_attention_heads,
    intermediate_size: fields.positiveInteger('intermediate_size', { max: MAX.width }),
    num_hidden_layers,
    hidden_activation: parseActivation(fields, 'hidden_activation', 'gelu'),
    norm_eps: fields.positiveNumber('norm_eps', { fallback: 1e-5, max: 1 }),
    norm_bias: fields.boolean('norm_bias', false),
    attention_bias: fields.boolean('attention_bias', false),
    mlp_bias: fields.boolean('mlp_bias', false),
    /** Whether torch lists a Dropout after attention, rather than an Identity. It has no effect here. */
    dropsAttention: Number(fields.get('attention_dropout') ?? 0) > 0,
    classifier_pooling: oneOf(fields, 'classifier_pooling', ['cls', 'mean']),
    classifier_bias: fields.boolean('classifier_bias', false),
    classifier_activation: parseActivation(fields, 'classifier_activation', 'gelu'),
    initializer_range: fields.positiveNumber('initializer_range', { fallback: INITIAL_STD, max: 1 }),
    ...parsePositions(fields, num_hidden_layers, parseRotatedHead(fields, hidden_size / num_attention_heads)),
    ...parseTokens(fields, vocab_size, { bos: 50281, eos: 50282, pad: 50283 }),
    dtype: parseDtype(fields),
  });
}

const LAYER_TYPES = ['full_attention', 'sliding_attention'] as const;

/** Parses the rotary positions, and the layers in which tokens attend to a window. */
function parsePositions(fields: Fields, layers: number, head_dim: number) {
  const sizes = {
    head_dim,
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', { fallback: 8192, max: MAX.positions }),
  };
  const scaling = fields.get('rope_scaling');
  if (scaling !== undefined) throw unsupported('rope_scaling', scaling, [null]);
  const ropes = fields.object('rope_parameters');
  if (ropes?.keys().some((key) => !(LAYER_TYPES as readonly string[]).includes(key))) {
    throw fields.invalid('rope_parameters', `an object with ${LAYER_TYPES.join(' and ')}`);
  }
  const ropeOf = (type: (typeof LAYER_TYPES)[number], theta: number): RopeConfig =>
    parseRope(new Fields({}, 'config.json'), ropes?.object(type), sizes, { theta, types: { default: 'default' } });
  const theta = fields.positiveNumber('global_rope_theta', { fallback: 160_000 });
  // In files of transformers 4, null means the theta of the layers without a window.
  const localTheta = fields.orNull('local_rope_theta', 10_000, (key) => fields.positiveNumber(key)) ?? theta;
  // A token attends to half of `local_attention` on each side. transformers 5 reads `sliding_window` as that half, if a file has it.
  const local = fields.positiveInteger('local_attention', { fallback: 128, max: MAX.positions });
  const side = fields.count('sliding_window', Math.floor(local / 2));
  const pattern = fields.positiveInteger('global_attn_every_n_layers', { fallback: 3 });
  return {
    ...sizes,
    rope: ropeOf('full_attention', theta),
    slidingRope: ropeOf('sliding_attention', localTheta),
    sliding: parseSlidingLayers(fields, layers, side + 1, (layer) => layer % pattern !== 0),
  };
}
