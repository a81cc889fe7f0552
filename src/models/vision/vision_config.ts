import { Fields } from '../../core/input/fields';
import type { ModuleNames } from '../../core/types/model';
import { parseActivation } from '../activations';
import type { ImageSizes } from '../architecture';
import { expectHeadDim, LONGEST, MAX, oneOf, parseDtype, parseWidthAndHeads, unsupported } from '../config_fields';
import { INITIAL_STD } from '../heads';

/** The largest supported edge of an image, in pixels. */
const MAX_EDGE = 2 ** 14;

/** Parses the fields of config.json that all vision transformers share. The argument `layer_norm_eps` is the default of that field. */
export function parseVisionFields(fields: Fields, { layer_norm_eps }: { readonly layer_norm_eps: number }) {
  oneOf(fields, 'is_causal', [false]);
  const [hidden_size, num_attention_heads] = parseWidthAndHeads(fields);
  expectHeadDim(fields, hidden_size / num_attention_heads);
  return {
    hidden_size,
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    hidden_act: parseActivation(fields, 'hidden_act', 'gelu'),
    layer_norm_eps: fields.positiveNumber('layer_norm_eps', { fallback: layer_norm_eps, max: 1 }),
    qkv_bias: fields.boolean('qkv_bias', true),
    initializer_range: fields.positiveNumber('initializer_range', { fallback: INITIAL_STD, max: 1 }),
    moduleNames: moduleNamesOf(fields),
    dtype: parseDtype(fields),
  };
}

/** Parses the sizes of images. `image_size` is 224 by default; the argument `patch_size` is the default of that field. */
export function parseImage(fields: Fields, { patch_size }: { readonly patch_size: number }): ImageSizes {
  const channels = fields.positiveInteger('num_channels', { fallback: 3, max: 256 });
  const size = parseEdge(fields, 'image_size', 224, MAX_EDGE);
  const patch = parseEdge(fields, 'patch_size', patch_size, 2 ** 10);
  const patches = Math.floor(size / patch) ** 2;
  if (patches === 0) throw fields.invalid('patch_size', `at most the size of images, ${size}`);
  if (patches >= LONGEST) throw unsupported('image_size', size, [`one of less than ${LONGEST} patches`]);
  return Object.freeze({ channels, size, patch, patches });
}

/** Returns the sizes of images whose edge is `size`; returns `image` if the network can't read such images. */
export function resizedImage(image: ImageSizes, size: number): ImageSizes {
  const patches = Math.floor(size / image.patch) ** 2;
  return patches > 0 && patches < LONGEST ? { ...image, size, patches } : image;
}

/** Parses the edge of a square: one number, or a list of two equal ones. */
function parseEdge(fields: Fields, key: string, fallback: number, max: number): number {
  const value = fields.get(key);
  if (!Array.isArray(value)) return fields.positiveInteger(key, { fallback, max });
  const [edge, other]: readonly unknown[] = value;
  if (value.length !== 2 || edge !== other) throw unsupported(key, value, ['one number, as images are square']);
  return new Fields({ [key]: edge }, fields.where).positiveInteger(key, { max });
}

/** Returns the transformers version that wrote the file. Version 5 uses other module names in memory than in files. */
function moduleNamesOf(fields: Fields): ModuleNames {
  const major = Number.parseInt(fields.optionalString('transformers_version') ?? '', 10);
  return major >= 5 ? 'v5' : 'v4';
}
