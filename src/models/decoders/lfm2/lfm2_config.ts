import { Fields, type JsonObject } from '../../../core/input/fields';
import { MAX, oneOf } from '../../config_fields';
import { parseGatedDecoder } from '../gated/gated_config';
import { parseLayerTypes } from '../gated/sliding_layers';

/** The most tokens that a convolution may cover. The published models have 3. */
const MOST_CONVOLVED = 64;

/**
 * Parses a config.json as `parseGatedDecoder` does. Also accepts the handwritten config.json of the first checkpoints, in which some fields
 * have other names.
 */
export function parseLfm2Config(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  const renamed = {
    ...json,
    intermediate_size: parseWidth(fields),
    rms_norm_eps: fields.positiveNumber('norm_eps', { fallback: 1e-5, max: 1 }),
    tie_word_embeddings: fields.boolean('tie_embedding', fields.boolean('tie_word_embeddings', true)),
  };
  const config = parseGatedDecoder(new Fields(renamed, 'config.json'), 'lfm2', {
    max_position_embeddings: 128_000,
    num_key_value_heads: 8,
    hidden_act: 'silu',
    bos: 1,
    eos: 2,
    pad: 0,
    ropeRules: { theta: 1e6 },
  });
  oneOf(fields, 'conv_bias', [false]);
  return Object.freeze({
    ...config,
    convolution: {
      /** The length of the convolution's kernel in tokens: the token itself and those before it. */
      length: fields.positiveInteger('conv_L_cache', { fallback: 3, max: MOST_CONVOLVED }),
      /** Whether each layer has a convolution in place of attention. */
      layers: parseConvolvingLayers(fields, config.num_hidden_layers),
    },
  });
}

/** Parses the width of the MLP. By default, it is two thirds of the file's width, rounded up to a multiple of `block_multiple_of`. */
function parseWidth(fields: Fields): number {
  const key = fields.get('block_ff_dim') === undefined ? 'intermediate_size' : 'block_ff_dim';
  const stored = fields.positiveInteger(key, { max: 4 * MAX.width });
  const width = adjustedWidth(fields, stored);
  if (width >= 1 && width <= MAX.width) return width;
  throw fields.invalid(key, `a width of the MLP that is adjusted to 1 to ${MAX.width}`);
}

function adjustedWidth(fields: Fields, width: number): number {
  if (!fields.boolean('block_auto_adjust_ff_dim', true)) return width;
  const adjusted = Math.trunc((2 * width) / 3);
  // In files of transformers 4, null means that the width is neither scaled nor rounded.
  const factor = fields.orNull('block_ffn_dim_multiplier', 1, (name) => fields.positiveNumber(name));
  if (factor === null) return adjusted;
  const multiple = fields.positiveInteger('block_multiple_of', { fallback: 256, max: MAX.width });
  return multiple * Math.ceil(Math.trunc(factor * adjusted) / multiple);
}

/** Returns whether each layer has a convolution. Files without `layer_types` list the layers with attention, by default all. */
function parseConvolvingLayers(fields: Fields, count: number): readonly boolean[] {
  const types = parseLayerTypes(fields, count, ['full_attention', 'conv']);
  if (types !== undefined) return Object.freeze(types.map((type) => type === 'conv'));
  const attending = fields.get('full_attn_idxs');
  if (attending === undefined) return Object.freeze(Array<boolean>(count).fill(false));
  if (!Array.isArray(attending) || !attending.every(Number.isSafeInteger)) {
    throw fields.invalid('full_attn_idxs', 'a list of indices of layers');
  }
  const indices = new Set<unknown>(attending);
  return Object.freeze(Array.from({ length: count }, (_, layer) => !indices.has(layer)));
}
