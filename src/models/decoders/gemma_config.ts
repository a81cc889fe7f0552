import { Fields, type JsonObject } from '../../core/fields';
import { ACTIVATIONS, type ActivationName, parseActivation } from '../activations';
import { oneOf, unsupported } from '../config_fields';
import { type GatedDecoderConfig, type GatedDecoderDefaults, parseGatedDecoder } from './gated/decoder_fields';

/** What a Gemma needs of its config.json, under Hugging Face's names and with their defaults. */
interface GemmaConfig extends GatedDecoderConfig {
  readonly model_type: 'gemma';
  /** Biases on q, k, v and o. */
  readonly attention_bias: boolean;
}

/** What Gemmas have in common. */
export const GEMMA_DEFAULTS = {
  bos: 2,
  eos: 1,
  pad: 0,
  head_dim: 256,
  tie_word_embeddings: true,
} as const satisfies Partial<GatedDecoderDefaults>;

/**
 * Reads a config.json of `model_type` "gemma", as transformers 4 or 5 writes it. Sizes must be there; the rest has Hugging
 * Face's defaults. Throws `invalid_format` for what no Gemma has, `unsupported_model` for what some have and we don't know.
 */
export function parseGemmaConfig(json: JsonObject): GemmaConfig {
  const fields = new Fields(json, 'config.json');
  expectCausal(fields);
  return Object.freeze({
    model_type: 'gemma',
    ...parseGatedDecoder(fields, 'gemma', {
      ...GEMMA_DEFAULTS,
      max_position_embeddings: 8192,
      hidden_act: parseGemmaActivation(fields),
    }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}

/**
 * The first files say "gelu" of models that were trained with its approximation; transformers reads it as that too. It goes by
 * `hidden_act` since version 5, and by `hidden_activation` before: where they name two functions, the model is refused.
 */
function parseGemmaActivation(fields: Fields): ActivationName {
  const named = parseActivation(fields, 'hidden_act', 'gelu_pytorch_tanh');
  const hidden_act = named === 'gelu' ? 'gelu_pytorch_tanh' : named;
  const older = parseActivation(fields, 'hidden_activation', hidden_act);
  if (ACTIVATIONS[older].apply === ACTIVATIONS[hidden_act].apply) return hidden_act;
  throw unsupported('hidden_activation', older, [hidden_act]);
}

/** Some Gemmas are made to read texts in both directions. */
export function expectCausal(fields: Fields): void {
  oneOf(fields, 'use_bidirectional_attention', [false]);
}

/** A cap, undefined for none; `fallback` only when the key is missing. */
export function parseSoftcap(fields: Fields, key: string, fallback: number | undefined): number | undefined {
  return fields.orNull(key, fallback ?? null, () => fields.positiveNumber(key)) ?? undefined;
}
