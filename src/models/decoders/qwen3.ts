import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { attentionOfNormedHeads, blockOfNormedInputs } from './gated/gated_parts';
import { parseQwen } from './qwen2';

/** `model_type: "qwen3"`: the queries and keys of each head are normalised. */
export function createQwen3(json: PretrainedConfig): Network {
  const config = parseQwen3Config(json);
  const { attention_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Qwen3',
    biases: { qkv: attention_bias, o: attention_bias },
    block: (decoder, layer) => blockOfNormedInputs(decoder, attentionOfNormedHeads(decoder, layer)),
  });
}

/** Parses a config.json as `parseQwen2Config` does. The default size of a head is 128. */
export function parseQwen3Config(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({
    ...parseQwen(fields, 'qwen3', 128),
    attention_bias: fields.boolean('attention_bias', false),
  });
}
