import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { sliceColumns } from '../../ops/rows/slice_columns';
import type { Network } from '../architecture';
import * as nn from '../nn';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import type { GatedDecoder } from './gated/gated_family';
import { attend, norm } from './gated/gated_parts';
import { parseWindow, parseWindowOfAll } from './gated/sliding_layers';

/** `model_type: "phi3"`: fused q, k and v, fused gate and up. Adapters wrap each fused layer as a single layer, as in PEFT. */
export function createPhi3(json: PretrainedConfig): Network {
  return createGatedDecoder(json, parsePhi3Config(json), { className: 'Phi3', block });
}

/** Creates Llama's block with fused linear layers. */
function block(decoder: GatedDecoder, layer: number): nn.Unnamed<nn.Unary> {
  return nn.module(
    'Phi3DecoderLayer',
    {
      self_attn: attention(decoder, layer),
      mlp: mlp(decoder),
      input_layernorm: norm(decoder),
      post_attention_layernorm: norm(decoder),
      resid_attn_dropout: nn.dropout,
      resid_mlp_dropout: nn.dropout,
    },
    ({ self_attn, mlp, input_layernorm, post_attention_layernorm }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const attended = self_attn.forward(pass, input_layernorm.forward(pass, x), x);
        return mlp.forward(pass, post_attention_layernorm.forward(pass, attended), attended);
      },
  );
}

function attention(decoder: GatedDecoder, layer: number) {
  const { hidden_size: C, head_dim: D, num_attention_heads: H, num_key_value_heads: Hkv } = decoder;
  return nn.module(
    'Phi3Attention',
    { o_proj: nn.linear(H * D, C, false), qkv_proj: nn.linear(C, (H + 2 * Hkv) * D, false) },
    ({ o_proj, qkv_proj }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) => {
        const fused = qkv_proj.forward(pass, x);
        const heads = (first: number, count: number): Value => sliceColumns(pass.g, fused, first * D, count * D);
        const parts = { q: heads(0, H), k: heads(H, Hkv), v: heads(H + Hkv, Hkv) };
        return o_proj.forward(pass, attend(pass, decoder, layer, parts), residual);
      },
  );
}

function mlp({ hidden_size: C, intermediate_size: F, hidden_act }: GatedDecoder) {
  return nn.module(
    'Phi3MLP',
    {
      gate_up_proj: nn.linear(C, 2 * F, false),
      down_proj: nn.linear(F, C, false),
      activation_fn: nn.activation(hidden_act),
    },
    ({ gate_up_proj, down_proj, activation_fn }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value) => {
        const fused = gate_up_proj.forward(pass, x);
        const [gate, up] = [sliceColumns(pass.g, fused, 0, F), sliceColumns(pass.g, fused, F, F)];
        return down_proj.forward(pass, activation_fn.gate(pass, gate, up), residual);
      },
  );
}

/**
 * The supported types of rotary positions, by their names in files: "su" and "yarn" are old names of "longrope". transformers 4 reads "su";
 * transformers 5 fails on it unless the rotary object contains `original_max_position_embeddings`, which old files have in config.json
 * itself.
 */
const TYPES = { default: 'default', longrope: 'longrope', su: 'longrope', yarn: 'longrope' } as const;

/** Parses a config.json as `parseGatedDecoder` does. */
export function parsePhi3Config(json: JsonObject): GatedDecoderConfig {
  const fields = new Fields(json, 'config.json');
  const config = parseGatedDecoder(fields, 'phi3', {
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    bos: 1,
    eos: 32000,
    pad: 32000,
    ropeRules: {
      types: TYPES,
      partial: { key: 'partial_rotary_factor', share: 1 },
      original_max_position_embeddings: 4096,
    },
  });
  const sliding = parseWindowOfAll(fields, config.num_hidden_layers, parseWindow(fields, null));
  return Object.freeze({ ...config, ...(sliding && { sliding }) });
}
