import type { ModuleInfo } from '../../core/model';
import { ACTIVATIONS } from '../activations';
import type { WeightSpec } from '../architecture';
import { embeddingModule, layerNormWeights, linearModule, linearsOf, linearWeights, matrix } from '../specs';
import type { FalconConfig } from './falcon_config';

/** torch's modules of a Falcon, in the order of `named_modules()`. */
export function falconModules(config: FalconConfig): ModuleInfo[] {
  const { vocab_size: V, hidden_size: C } = config;
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, layer) => blockModules(config, layer));
  return [
    { name: 'transformer', type: 'FalconModel' },
    embeddingModule('transformer.word_embeddings', V, C),
    { name: 'transformer.h', type: 'ModuleList' },
    ...blocks.flat(),
    { name: 'transformer.ln_f', type: 'LayerNorm' },
    { name: 'transformer.rotary_emb', type: 'FalconRotaryEmbedding' },
  ];
}

/** What the checkpoint holds of a Falcon. */
export function falconWeights(config: FalconConfig): WeightSpec[] {
  const { vocab_size: V, hidden_size: C } = config;
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const { attention, up, down, norms } = blockParts(config, `transformer.h.${layer}`);
    return [...[...attention, up, down].flatMap(linearWeights), ...norms.flatMap((name) => layerNormWeights(name, C))];
  });
  return [
    matrix('transformer.word_embeddings.weight', V, C),
    ...blocks.flat(),
    ...layerNormWeights('transformer.ln_f', C),
  ];
}

function blockModules(config: FalconConfig, layer: number): ModuleInfo[] {
  const block = `transformer.h.${layer}`;
  const { attention, up, down, norms } = blockParts(config, block);
  return [
    { name: block, type: 'FalconDecoderLayer' },
    { name: `${block}.self_attention`, type: 'FalconAttention' },
    ...attention.map(linearModule),
    { name: `${block}.self_attention.attention_dropout`, type: 'Dropout' },
    { name: `${block}.mlp`, type: 'FalconMLP' },
    linearModule(up),
    { name: `${block}.mlp.act`, type: ACTIVATIONS[config.activation].type },
    linearModule(down),
    ...norms.map((name) => ({ name, type: 'LayerNorm' })),
  ];
}

const NORMS = {
  shared: ['input_layernorm'],
  parallel: ['ln_attn', 'ln_mlp'],
  sequential: ['post_attention_layernorm', 'input_layernorm'],
} as const satisfies Record<FalconConfig['block'], readonly string[]>;

function blockParts(config: FalconConfig, block: string) {
  const { hidden_size: C, ffn_hidden_size: F, num_attention_heads: H, kvHeads, bias } = config;
  const attention = linearsOf(`${block}.self_attention`, bias);
  const mlp = linearsOf(`${block}.mlp`, bias);
  return {
    attention: [attention('query_key_value', C, C + 2 * kvHeads * (C / H)), attention('dense', C, C)],
    up: mlp('dense_h_to_4h', C, F),
    down: mlp('dense_4h_to_h', F, C),
    norms: NORMS[config.block].map((name) => `${block}.${name}`),
  };
}
