import { Fields, type JsonObject } from '../../core/input/fields';
import { expectModelType, MAX } from '../config_fields';
import { parseImage, parseVisionFields } from './vision_config';

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
  return Object.freeze({
    ...parseVisionFields(fields, { layer_norm_eps: 1e-12 }),
    intermediate_size: fields.positiveInteger('intermediate_size', { max: MAX.width }),
    image: parseImage(fields, { patch_size: 16 }),
  });
}
