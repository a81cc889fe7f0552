import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import type { Network } from '../architecture';
import * as nn from '../nn';
import { parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import type { GatedDecoder } from './gated/gated_family';
import { attention, gatedMlp, norm } from './gated/gated_parts';

/**
 * `model_type: "olmo2"`: norms only after attention and MLP; one norm over the queries of all heads, and one over the keys of all heads.
 */
export function createOlmo2(json: PretrainedConfig): Network {
  const config = parseOlmo2Config(json);
  const { attention_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Olmo2',
    biases: { qkv: attention_bias, o: attention_bias },
    block,
  });
}

function block(decoder: GatedDecoder, layer: number): nn.Unnamed<nn.Unary> {
  const { head_dim: D, num_attention_heads: H, num_key_value_heads: Hkv } = decoder;
  return nn.module(
    'Olmo2DecoderLayer',
    {
      self_attn: attention(decoder, layer, { q: H * D, k: Hkv * D }),
      mlp: gatedMlp(decoder),
      post_attention_layernorm: norm(decoder),
      post_feedforward_layernorm: norm(decoder),
    },
    ({ self_attn, mlp, post_attention_layernorm, post_feedforward_layernorm }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const attended = add(pass.g, x, post_attention_layernorm.forward(pass, self_attn.forward(pass, x)));
        return add(pass.g, attended, post_feedforward_layernorm.forward(pass, mlp.forward(pass, attended)));
      },
  );
}

/** Parses a config.json as `parseGatedDecoder` does. */
export function parseOlmo2Config(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({
    ...parseGatedDecoder(fields, 'olmo2', {
      max_position_embeddings: 2048,
      rms_norm_eps: 1e-5,
      bos: null,
      eos: 50279,
      pad: 1,
    }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}
