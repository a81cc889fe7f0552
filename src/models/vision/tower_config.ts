import { Fields, type JsonObject } from '../../core/input/fields';
import { expectModelType, MAX, oneOf } from '../config_fields';
import { parseImage, parseVisionFields } from './vision_config';

/** The names and defaults by which a CLIP's and a SigLIP's config.json differ. Only the tower for images is computed. */
interface TowerFamily {
  /** The `model_type` of a file for both towers. `tower` is that of a file for the images' tower alone. */
  readonly model_type: string;
  readonly tower: string;
  /** The fields that may describe the images' tower in a file for both towers. The first of them that is set is read. */
  readonly describedBy: readonly string[];
  /** transformers' defaults for fields that a file may lack. */
  readonly defaults: JsonObject & { readonly patch_size: number; readonly layer_norm_eps: number };
  /** The number of tokens for the whole image. */
  readonly classTokens: 0 | 1;
}

const BASE = { hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12 };

export const CLIP: TowerFamily = {
  model_type: 'clip',
  tower: 'clip_vision_model',
  describedBy: ['vision_config_dict', 'vision_config'],
  defaults: { ...BASE, patch_size: 32, hidden_act: 'quick_gelu', layer_norm_eps: 1e-5 },
  classTokens: 1,
};

export const SIGLIP: TowerFamily = {
  model_type: 'siglip',
  tower: 'siglip_vision_model',
  describedBy: ['vision_config'],
  defaults: { ...BASE, patch_size: 16, hidden_act: 'gelu_pytorch_tanh', layer_norm_eps: 1e-6 },
  classTokens: 0,
};

/** The fields of config.json that a CLIP's or a SigLIP's tower for images needs. */
export type TowerConfig = ReturnType<typeof parseTowerConfig>;

/**
 * Parses the config.json of a CLIP or a SigLIP, or of its tower for images alone. Missing fields have Hugging Face's defaults, as public
 * files contain few. Fields of the texts' tower, and dropout, which transformers' Trainer applies, are ignored. Throws `invalid_format` for
 * invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseTowerConfig(json: JsonObject, family: TowerFamily) {
  const { model_type, tower, describedBy, defaults, classTokens } = family;
  const whole = new Fields(json, 'config.json');
  const isAlone = whole.get('model_type') === tower;
  expectModelType(whole, isAlone ? tower : model_type);
  const [described = new Fields({}, 'config.json')] = describedBy.flatMap((key) => whole.object(key) ?? []);
  const own = (isAlone ? whole : described).withDefaults(defaults);
  oneOf(own, 'model_type', [tower]);
  const common = parseVisionFields(own, defaults);
  return Object.freeze({
    ...common,
    isAlone,
    intermediate_size: own.positiveInteger('intermediate_size', { max: MAX.width }),
    hasPoolingHead: own.boolean('vision_use_head', true),
    projection_dim: whole.positiveInteger('projection_dim', { fallback: 512, max: MAX.width }),
    /** The standard deviation of a new classifier's weights. */
    std: common.hidden_size ** -0.5 * whole.positiveNumber('initializer_factor', { fallback: 1, max: 2 ** 10 }),
    image: Object.freeze({ ...parseImage(own, defaults), ...(classTokens === 0 && { classTokens }) }),
  });
}
