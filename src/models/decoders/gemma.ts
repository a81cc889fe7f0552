import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import { ACTIVATIONS, type ActivationName, parseActivation } from '../activations';
import type { Network } from '../architecture';
import { unsupported } from '../config_fields';
import { type GatedDecoderDefaults, parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import { llamaBlock } from './gated/gated_parts';

/** `model_type: "gemma"`: scaled embeddings, norm weights stored minus 1, GEGLU. */
export function createGemma(json: PretrainedConfig): Network {
  const config = parseGemmaConfig(json);
  return createGatedDecoder(json, config, { className: 'Gemma', ...gemmaFamily(config), block: llamaBlock });
}

/** Returns the fields of `GatedFamily` that all Gemmas share. */
export function gemmaFamily({
  attention_bias,
  hidden_size,
}: Pick<ReturnType<typeof parseGemmaConfig>, 'attention_bias' | 'hidden_size'>) {
  return {
    biases: { qkv: attention_bias, o: attention_bias },
    normOffset: 1,
    embedding: { scale: Math.sqrt(hidden_size) },
  } as const;
}

/** The defaults that all Gemmas share. */
export const GEMMA_DEFAULTS = {
  bos: 2,
  eos: 1,
  pad: 0,
  head_dim: 256,
  tie_word_embeddings: true,
} as const satisfies Partial<GatedDecoderDefaults>;

/** Parses a config.json as `parseGatedDecoder` does. */
export function parseGemmaConfig(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({
    ...parseGatedDecoder(fields, 'gemma', {
      ...GEMMA_DEFAULTS,
      num_key_value_heads: 16,
      max_position_embeddings: 8192,
      hidden_act: parseGemmaActivation(fields),
    }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}

/**
 * Parses the activation. The first files name "gelu", but the models were trained with its tanh approximation, which transformers uses for
 * them too. transformers 5 reads `hidden_act` and transformers 4 `hidden_activation`, so a file in which the two fields name different
 * functions is rejected.
 */
function parseGemmaActivation(fields: Fields): ActivationName {
  const named = parseActivation(fields, 'hidden_act', 'gelu_pytorch_tanh');
  const hidden_act = named === 'gelu' ? 'gelu_pytorch_tanh' : named;
  const older = parseActivation(fields, 'hidden_activation', hidden_act);
  if (ACTIVATIONS[older].apply === ACTIVATIONS[hidden_act].apply) return hidden_act;
  throw unsupported('hidden_activation', older, [hidden_act]);
}

/** Parses a cap of scores or logits. Returns undefined if there is none, and `fallback` if the key is missing. */
export function parseSoftcap(fields: Fields, key: string, fallback: number | undefined): number | undefined {
  return fields.orNull(key, fallback ?? null, () => fields.positiveNumber(key)) ?? undefined;
}
