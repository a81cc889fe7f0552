import { Fields, type JsonObject } from '../../core/input/fields';
import { expectModelType, oneOf } from '../config_fields';
import { parseImage, parseVisionFields, resizedImage } from './vision_config';

/** The differences between DINOv2 and DINOv2 with registers. */
export interface Dinov2Family {
  readonly model_type: string;
  /** The prefix of transformers' class names. */
  readonly className: string;
  readonly patch_size: number;
  /** Whether images have register tokens. If so, tables of positions are resized with antialiasing. */
  readonly hasRegisters: boolean;
}

/** The fields of config.json that a DINOv2 needs. */
export type Dinov2Config = ReturnType<typeof parseDinov2Config>;

/**
 * Parses a DINOv2's config.json, for images whose edge is `size` if it is given. The network's sizes are required; other fields have
 * Hugging Face's defaults. Dropout and dropped paths, which transformers' Trainer applies, and fields of backbones are ignored. Throws
 * `invalid_format` for invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseDinov2Config(json: JsonObject, family: Dinov2Family, size: number | undefined) {
  const { model_type, patch_size, hasRegisters } = family;
  const fields = new Fields(json, 'config.json');
  expectModelType(fields, model_type);
  oneOf(fields, 'use_swiglu_ffn', [false]);
  const common = parseVisionFields(fields, { layer_norm_eps: 1e-6 });
  const own = parseImage(fields, { patch_size });
  const image = size === undefined ? own : resizedImage(own, size);
  const registers = hasRegisters ? fields.positiveInteger('num_register_tokens', { fallback: 4, max: 256 }) : 0;
  return Object.freeze({
    ...common,
    family,
    intermediate_size: common.hidden_size * fields.positiveInteger('mlp_ratio', { fallback: 4, max: 64 }),
    hasMaskToken: hasRegisters || fields.boolean('use_mask_token', true),
    image: Object.freeze({ ...image, ...(hasRegisters && { registers }) }),
    /** The number of patches for which the table of positions has rows. */
    positions: own.patches,
  });
}
