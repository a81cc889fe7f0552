import { Fields, type JsonObject } from '../../core/input/fields';
import type { ModuleNames } from '../../core/types/model';
import { parseActivation } from '../activations';
import type { ImageSizes } from '../architecture';
import { expectModelType, LONGEST, MAX, parseDtype, parseWidthAndHeads, unsupported } from '../config_fields';
import { INITIAL_STD } from '../heads';

/** The fields of config.json that a ViT needs. */
export type VitConfig = ReturnType<typeof parseVitConfig>;

/**
 * Parses a ViT's config.json. The network's sizes are required; other fields have Hugging Face's defaults. Dropout, which transformers'
 * Trainer applies, and fields of heads other than a classifier's are ignored. Throws `invalid_format` for invalid values,
 * `unsupported_model` for values that aren't supported.
 */
export function parseVitConfig(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  expectModelType(fields, 'vit');
  const [hidden_size, num_attention_heads] = parseWidthAndHeads(fields);
  const D = hidden_size / num_attention_heads;
  const head_dim = fields.get('head_dim') ?? D;
  if (head_dim !== D) throw unsupported('head_dim', head_dim, [D]);
  return Object.freeze({
    hidden_size,
    intermediate_size: fields.positiveInteger('intermediate_size', { max: MAX.width }),
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    hidden_act: parseActivation(fields, 'hidden_act', 'gelu'),
    layer_norm_eps: fields.positiveNumber('layer_norm_eps', { fallback: 1e-12, max: 1 }),
    qkv_bias: fields.boolean('qkv_bias', true),
    initializer_range: fields.positiveNumber('initializer_range', { fallback: INITIAL_STD, max: 1 }),
    image: parseImage(fields),
    moduleNames: moduleNamesOf(fields),
    dtype: parseDtype(fields),
  });
}

function parseImage(fields: Fields): ImageSizes {
  const channels = fields.positiveInteger('num_channels', { fallback: 3, max: 256 });
  const size = parseEdge(fields, 'image_size', 224, 2 ** 14);
  const patch = parseEdge(fields, 'patch_size', 16, 2 ** 10);
  const patches = Math.floor(size / patch) ** 2;
  if (patches === 0) throw fields.invalid('patch_size', `at most image_size, ${size}`);
  if (patches >= LONGEST) throw unsupported('image_size', size, [`one of less than ${LONGEST} patches`]);
  return Object.freeze({ channels, size, patch, patches });
}

/** Parses the edge of a square: one number, or a list of two equal ones. */
function parseEdge(fields: Fields, key: string, fallback: number, max: number): number {
  const value = fields.get(key);
  if (!Array.isArray(value)) return fields.positiveInteger(key, { fallback, max });
  const [edge, other]: readonly unknown[] = value;
  if (value.length !== 2 || edge !== other) throw unsupported(key, value, ['one number, as images are square']);
  return new Fields({ [key]: edge }, 'config.json').positiveInteger(key, { max });
}

/** Returns the transformers version that wrote the file. Version 5 uses other module names in memory than in files. */
function moduleNamesOf(fields: Fields): ModuleNames {
  const major = Number.parseInt(fields.optionalString('transformers_version') ?? '', 10);
  return major >= 5 ? 'v5' : 'v4';
}
