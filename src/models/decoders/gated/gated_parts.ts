import type { Value } from '../../../graph/value';
import { add } from '../../../ops/add';
import type { AttentionHeads } from '../../../ops/attention/attention';
import * as nn from '../../nn';
import type { GatedDecoder } from './gated_family';

/** The attention or the MLP of a block. `forward` maps x (N, C) to (N, C), and adds `residual` if it is given. */
export interface BlockPart extends nn.Module {
  forward(pass: nn.ForwardPass, x: Value, residual?: Value): Value;
}

/** Creates the family's RMSNorm, by default over the features of hidden states. */
export function norm({ className, rms_norm_eps: eps, normOffset, hidden_size }: GatedDecoder, C = hidden_size) {
  return nn.rmsNorm(C, { type: `${className}RMSNorm`, eps, weightOffset: normOffset });
}

/** Creates Llama's block. */
export function llamaBlock(decoder: GatedDecoder, layer: number): nn.Unnamed<nn.Unary> {
  return blockOfNormedInputs(decoder, attention(decoder, layer));
}

/** Creates a block with norms before attention and MLP. */
export function blockOfNormedInputs(decoder: GatedDecoder, self_attn: nn.Unnamed<BlockPart>): nn.Unnamed<nn.Unary> {
  return nn.module(
    `${decoder.className}DecoderLayer`,
    {
      self_attn,
      mlp: gatedMlp(decoder),
      input_layernorm: norm(decoder),
      post_attention_layernorm: norm(decoder),
    },
    ({ self_attn, mlp, input_layernorm, post_attention_layernorm }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const attended = self_attn.forward(pass, input_layernorm.forward(pass, x), x);
        return mlp.forward(pass, post_attention_layernorm.forward(pass, attended), attended);
      },
  );
}

/** Creates a block with norms before and after attention and MLP, as in Gemma 2 and 3. */
export function blockOfNormedResults(decoder: GatedDecoder, self_attn: nn.Unnamed<BlockPart>): nn.Unnamed<nn.Unary> {
  return nn.module(
    `${decoder.className}DecoderLayer`,
    {
      self_attn,
      mlp: gatedMlp(decoder),
      input_layernorm: norm(decoder),
      post_attention_layernorm: norm(decoder),
      pre_feedforward_layernorm: norm(decoder),
      post_feedforward_layernorm: norm(decoder),
    },
    ({ self_attn, mlp, ...norms }) =>
      (pass: nn.ForwardPass, x: Value) => {
        const attended = self_attn.forward(pass, norms.input_layernorm.forward(pass, x));
        const sum = add(pass.g, x, norms.post_attention_layernorm.forward(pass, attended));
        const made = mlp.forward(pass, norms.pre_feedforward_layernorm.forward(pass, sum));
        return add(pass.g, sum, norms.post_feedforward_layernorm.forward(pass, made));
      },
  );
}

/** The numbers of features over which queries and keys are normalised: the features of one head, or of all heads. */
interface QueryKeyNorms {
  readonly q: number;
  readonly k: number;
}

/** Creates the attention, with rotary positions and grouped queries. `norms` is set if queries and keys are normalised. */
export function attention(decoder: GatedDecoder, layer: number, norms?: QueryKeyNorms): nn.Unnamed<BlockPart> {
  const { className, hidden_size: C, head_dim: D, num_attention_heads: H, num_key_value_heads: Hkv } = decoder;
  const { qkv = false, o = false } = decoder.biases ?? {};
  return nn.module(
    `${className}Attention`,
    {
      q_proj: nn.linear(C, H * D, qkv),
      k_proj: nn.linear(C, Hkv * D, qkv),
      v_proj: nn.linear(C, Hkv * D, qkv),
      o_proj: nn.linear(H * D, C, o),
      q_norm: norms && norm(decoder, norms.q),
      k_norm: norms && norm(decoder, norms.k),
    },
    ({ q_proj, k_proj, v_proj, o_proj, q_norm, k_norm }) =>
      (pass: nn.ForwardPass, x: Value, residual?: Value) => {
        const [q, k, v] = nn.linears(pass, [q_proj, k_proj, v_proj], x);
        const normed = { q: q_norm?.forward(pass, q) ?? q, k: k_norm?.forward(pass, k) ?? k, v };
        return o_proj.forward(pass, attend(pass, decoder, layer, normed), residual);
      },
  );
}

/** Creates the attention, with the queries and keys of each head normalised. */
export function attentionOfNormedHeads(decoder: GatedDecoder, layer: number): nn.Unnamed<BlockPart> {
  const { head_dim: D } = decoder;
  return attention(decoder, layer, { q: D, k: D });
}

interface QueriesKeysAndValues {
  /** (N, H·D) */
  readonly q: Value;
  /** (N, Hkv·D) */
  readonly k: Value;
  readonly v: Value;
}

/** Computes the attention of a layer with rotary positions: (N, H·D). */
export function attend(
  { inputs }: nn.ForwardPass,
  decoder: GatedDecoder,
  layer: number,
  { q, k, v }: QueriesKeysAndValues,
): Value {
  const { sliding, ropes } = decoder;
  const slides = sliding?.layers[layer] ?? false;
  const { name } = slides ? ropes.sliding : ropes.full;
  const rotary = { table: inputs.constant(name), positions: inputs.value('position_ids') };
  return inputs.attend(layer, q, k, v, { ...headsOf(decoder, slides), rotary });
}

function headsOf(
  { scale, sliding, scoreSoftcap: softcap, causal, ...decoder }: GatedDecoder,
  slides: boolean,
): AttentionHeads {
  return {
    H: decoder.num_attention_heads,
    Hkv: decoder.num_key_value_heads,
    D: decoder.head_dim,
    ...(scale !== undefined && { scale }),
    ...(causal !== undefined && { causal }),
    ...(softcap !== undefined && { softcap }),
    ...(slides && sliding && { window: sliding.window }),
  };
}

/** Creates the MLP: down(act(gate(x)) · up(x)). */
export function gatedMlp(decoder: GatedDecoder): nn.Unnamed<BlockPart> {
  const { className, hidden_size: C, intermediate_size: F, hidden_act } = decoder;
  const { mlp: bias = false } = decoder.biases ?? {};
  return nn.module(
    `${className}MLP`,
    {
      gate_proj: nn.linear(C, F, bias),
      up_proj: nn.linear(C, F, bias),
      down_proj: nn.linear(F, C, bias),
      act_fn: nn.activation(hidden_act),
    },
    ({ gate_proj, up_proj, down_proj, act_fn }) =>
      (pass: nn.ForwardPass, x: Value, residual?: Value) => {
        const [gate, up] = nn.linears(pass, [gate_proj, up_proj], x);
        return down_proj.forward(pass, act_fn.gate(pass, gate, up), residual);
      },
  );
}
