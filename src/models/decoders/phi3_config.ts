import { Fields, type JsonObject } from '../../core/fields';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/decoder_fields';
import { parseWindow, parseWindowOfAll } from './gated/sliding_layers';

/** What a Phi-3 needs of its config.json, under Hugging Face's names and with their defaults. */
interface Phi3Config extends GatedDecoderConfig {
  readonly model_type: 'phi3';
}

/**
 * Models with long contexts have "longrope", which old files call by other names. transformers 5 fails on "su" where only the model has
 * its original context, as in all old files; 4 reads them.
 */
const TYPES = { default: 'default', longrope: 'longrope', su: 'longrope', yarn: 'longrope' } as const;

/**
 * Reads a config.json of `model_type` "phi3", as transformers 4 or 5 writes it. Sizes must be there; the rest has Hugging
 * Face's defaults. The base's own dropout isn't read: a frozen base runs without. Throws `invalid_format` for what no Phi-3 has, `unsupported_model` for what some have and we don't know.
 */
export function parsePhi3Config(json: JsonObject): Phi3Config {
  const fields = new Fields(json, 'config.json');
  const config = parseGatedDecoder(fields, 'phi3', {
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    bos: 1,
    eos: 32000,
    pad: 32000,
    ropeRules: { types: TYPES, partial: true, original_max_position_embeddings: 4096 },
  });
  const sliding = parseWindowOfAll(fields, config.num_hidden_layers, parseWindow(fields, null));
  return Object.freeze({ model_type: 'phi3', ...config, ...(sliding && { sliding }) });
}
