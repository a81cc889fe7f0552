import type { ModuleInfo } from '../../../core/model';
import { ACTIVATIONS } from '../../activations';
import type { WeightSpec } from '../../architecture';
import { embeddingModule, type LinearSpec, linearModule, linearsOf, linearWeights, matrix, vector } from '../../specs';
import type { GatedDecoder } from './gated_decoder_kind';

/** torch's modules of a decoder, in the order of `named_modules()`. */
export function gatedDecoderModules(decoder: GatedDecoder): ModuleInfo[] {
  const { className, networkName = `${className}Model`, hidden_size: C, vocab_size: V } = decoder;
  const blocks = Array.from({ length: decoder.num_hidden_layers }, (_, layer) => blockModules(decoder, layer));
  return [
    { name: 'model', type: networkName },
    embeddingModule('model.embed_tokens', V, C, { padding: decoder.pad_token_id, type: decoder.embeddingName }),
    { name: 'model.layers', type: 'ModuleList' },
    ...blocks.flat(),
    { name: 'model.norm', type: `${className}RMSNorm` },
    { name: 'model.rotary_emb', type: `${className}RotaryEmbedding` },
  ];
}

/** What the checkpoint holds of a decoder. */
export function gatedDecoderWeights(decoder: GatedDecoder): WeightSpec[] {
  const { hidden_size: C, vocab_size: V, head_dim: D } = decoder;
  const blocks = Array.from({ length: decoder.num_hidden_layers }, (_, layer) => {
    const block = `model.layers.${layer}`;
    return [
      ...attentionLinears(decoder, block).flatMap(linearWeights),
      ...headNorms(decoder, block).map((name) => vector(`${name}.weight`, D)),
      ...mlpLinears(decoder, block).flatMap(linearWeights),
      ...blockNorms(decoder, block).map((name) => vector(`${name}.weight`, C)),
    ];
  });
  return [matrix('model.embed_tokens.weight', V, C), ...blocks.flat(), vector('model.norm.weight', C)];
}

function blockModules(decoder: GatedDecoder, layer: number): ModuleInfo[] {
  const { className, fused = false } = decoder;
  const block = `model.layers.${layer}`;
  const norm = (name: string): ModuleInfo => ({ name, type: `${className}RMSNorm` });
  return [
    { name: block, type: `${className}DecoderLayer` },
    { name: `${block}.self_attn`, type: `${className}Attention` },
    ...attentionLinears(decoder, block).map(linearModule),
    ...headNorms(decoder, block).map(norm),
    { name: `${block}.mlp`, type: `${className}MLP` },
    ...mlpLinears(decoder, block).map(linearModule),
    {
      name: `${block}.mlp.${fused ? 'activation_fn' : 'act_fn'}`,
      type: ACTIVATIONS[decoder.hidden_act].type,
    },
    ...blockNorms(decoder, block).map(norm),
    ...(fused ? ['resid_attn_dropout', 'resid_mlp_dropout'] : []).map((name) => ({
      name: `${block}.${name}`,
      type: 'Dropout',
    })),
  ];
}

function attentionLinears(decoder: GatedDecoder, block: string): LinearSpec[] {
  const { biases, fused = false, hidden_size: C, head_dim: D, num_attention_heads: H } = decoder;
  const key = decoder.num_key_value_heads * D;
  const ofInputs = linearsOf(`${block}.self_attn`, biases.qkv);
  const output = linearsOf(`${block}.self_attn`, biases.o)('o_proj', H * D, C);
  // In torch's order.
  if (fused) return [output, ofInputs('qkv_proj', C, H * D + 2 * key)];
  return [ofInputs('q_proj', C, H * D), ofInputs('k_proj', C, key), ofInputs('v_proj', C, key), output];
}

function mlpLinears({ biases, fused = false, ...decoder }: GatedDecoder, block: string): LinearSpec[] {
  const { hidden_size: C, intermediate_size: F } = decoder;
  const linear = linearsOf(`${block}.mlp`, biases.mlp);
  const inputs = fused ? [linear('gate_up_proj', C, 2 * F)] : [linear('gate_proj', C, F), linear('up_proj', C, F)];
  return [...inputs, linear('down_proj', F, C)];
}

function headNorms({ headNorms = false }: GatedDecoder, block: string): string[] {
  return headNorms ? [`${block}.self_attn.q_norm`, `${block}.self_attn.k_norm`] : [];
}

function blockNorms({ outputNorms = false }: GatedDecoder, block: string): string[] {
  const names = ['input_layernorm', 'post_attention_layernorm'];
  if (outputNorms) names.push('pre_feedforward_layernorm', 'post_feedforward_layernorm');
  return names.map((name) => `${block}.${name}`);
}
