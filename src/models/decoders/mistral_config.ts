import { Fields, type JsonObject } from '../../core/fields';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/decoder_fields';
import { parseWindow, parseWindowOfAll } from './gated/sliding_layers';

/** What a Mistral needs of its config.json, under Hugging Face's names and with their defaults. */
interface MistralConfig extends GatedDecoderConfig {
  readonly model_type: 'mistral';
}

/**
 * Reads a config.json of `model_type` "mistral", as transformers 4 or 5 writes it. Sizes must be there; the rest has
 * Hugging Face's defaults: 4096 for a `sliding_window` that isn't there, and null is none. Throws `invalid_format` for what no
 * Mistral has, `unsupported_model` for what some have and we don't know.
 */
export function parseMistralConfig(json: JsonObject): MistralConfig {
  const fields = new Fields(json, 'config.json');
  const config = parseGatedDecoder(fields, 'mistral', { max_position_embeddings: 131072, bos: 1, eos: 2 });
  const sliding = parseWindowOfAll(fields, config.num_hidden_layers, parseWindow(fields, 4096));
  return Object.freeze({ model_type: 'mistral', ...config, ...(sliding && { sliding }) });
}
