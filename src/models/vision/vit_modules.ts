import { rowsAndColumns } from '../../core/numbers/shape';
import type { ModuleNames } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { embedding } from '../../ops/rows/embedding';
import { prependRows } from '../../ops/rows/prepend_rows';
import * as nn from '../nn';
import { type BlockParts, blockForward } from './vision_block';
import type { VitConfig } from './vit_config';

/** The network with the module names of transformers 4, and with those of transformers 5. Both have the same tensors in the same order. */
export const VIT = { v4: vitOfV4, v5: vitOfV5 } as const satisfies Record<ModuleNames, unknown>;

function vitOfV4(config: VitConfig) {
  const layer = nn.blocks(config.num_hidden_layers, (index) => blockOfV4(config, index));
  return nn.module(
    'ViTModel',
    { embeddings: embeddings(config), encoder: nn.module('ViTEncoder', { layer }), layernorm: norm(config) },
    ({ embeddings, encoder, layernorm }) =>
      (pass: nn.ForwardPass) =>
        layernorm.forward(pass, encoder.layer.forward(pass, embeddings.forward(pass))),
  );
}

function vitOfV5(config: VitConfig) {
  const layers = nn.blocks(config.num_hidden_layers, (index) => blockOfV5(config, index));
  return nn.module(
    'ViTModel',
    { embeddings: embeddings(config), layers, layernorm: norm(config) },
    ({ embeddings, layers, layernorm }) =>
      (pass: nn.ForwardPass) =>
        layernorm.forward(pass, layers.forward(pass, embeddings.forward(pass))),
  );
}

function norm({ hidden_size: C, layer_norm_eps }: VitConfig): nn.Unnamed<nn.Unary> {
  return nn.layerNorm(C, layer_norm_eps);
}

/** Embeds pixels (B·P, channels·p·p) as (B·(P + 1), C): the patches of each image after the token for the whole image. */
function embeddings({ hidden_size: C, image: { channels, patch, patches: P } }: VitConfig) {
  return nn.module(
    'ViTEmbeddings',
    {
      cls_token: nn.parameter({ shape: [C], kind: 'vector', storedShape: [1, 1, C] }),
      position_embeddings: nn.parameter({ shape: [P + 1, C], kind: 'matrix', storedShape: [1, P + 1, C] }),
      patch_embeddings: nn.module('ViTPatchEmbeddings', { projection: nn.patchConv2d(channels, C, patch) }),
      dropout: nn.dropout,
    },
    ({ cls_token, position_embeddings, patch_embeddings: { projection } }) =>
      (pass: nn.ForwardPass): Value => {
        const { g, inputs } = pass;
        const patches = projection.forward(pass, inputs.value('pixel_values'));
        const tokens = prependRows(g, patches, cls_token.value(pass), rowsAndColumns(patches.shape).rows / P);
        return add(g, tokens, embedding(g, inputs.value('position_ids'), position_embeddings.value(pass)));
      },
  );
}

function blockOfV4(config: VitConfig, layer: number): nn.Unnamed<nn.Unary> {
  const { hidden_size: C, intermediate_size: F, qkv_bias } = config;
  const { dropout } = nn;
  const block = nn.module('ViTLayer', {
    attention: nn.module('ViTAttention', {
      attention: nn.module('ViTSelfAttention', {
        query: nn.linear(C, C, qkv_bias),
        key: nn.linear(C, C, qkv_bias),
        value: nn.linear(C, C, qkv_bias),
      }),
      output: nn.module('ViTSelfOutput', { dense: nn.linear(C, C), dropout }),
    }),
    intermediate: nn.module('ViTIntermediate', {
      dense: nn.linear(C, F),
      intermediate_act_fn: nn.activation(config.hidden_act),
    }),
    output: nn.module('ViTOutput', { dense: nn.linear(F, C), dropout }),
    layernorm_before: norm(config),
    layernorm_after: norm(config),
  });
  return vitBlock(config, layer, block, ({ attention, intermediate, output, layernorm_before, layernorm_after }) => ({
    ...attention.attention,
    attended: attention.output.dense,
    normBefore: layernorm_before,
    normAfter: layernorm_after,
    up: intermediate.dense,
    act: intermediate.intermediate_act_fn,
    down: output.dense,
  }));
}

function blockOfV5(config: VitConfig, layer: number): nn.Unnamed<nn.Unary> {
  const { hidden_size: C, intermediate_size: F, qkv_bias } = config;
  const block = nn.module('ViTLayer', {
    attention: nn.module('ViTAttention', {
      q_proj: nn.linear(C, C, qkv_bias),
      k_proj: nn.linear(C, C, qkv_bias),
      v_proj: nn.linear(C, C, qkv_bias),
      o_proj: nn.linear(C, C),
    }),
    layernorm_before: norm(config),
    layernorm_after: norm(config),
    mlp: nn.module('ViTMLP', {
      activation_fn: nn.activation(config.hidden_act),
      fc1: nn.linear(C, F),
      fc2: nn.linear(F, C),
    }),
    dropout: nn.dropout,
  });
  return vitBlock(config, layer, block, ({ attention, mlp, layernorm_before, layernorm_after }) => ({
    query: attention.q_proj,
    key: attention.k_proj,
    value: attention.v_proj,
    attended: attention.o_proj,
    normBefore: layernorm_before,
    normAfter: layernorm_after,
    up: mlp.fc1,
    act: mlp.activation_fn,
    down: mlp.fc2,
  }));
}

/** Creates a block from its modules. Its tensors have the same order in both versions. */
function vitBlock<M extends nn.Module>(
  config: VitConfig,
  layer: number,
  block: nn.Unnamed<M>,
  partsOf: (block: M) => BlockParts,
): nn.Unnamed<nn.Unary> {
  return (name) => {
    const placed = block(name);
    const parts = partsOf(placed);
    const { query, key, value, attended, normBefore, normAfter, up, down } = parts;
    const inOrder = [query, key, value, attended, normBefore, normAfter, up, down];
    return {
      name,
      modules: placed.modules,
      weights: inOrder.flatMap(({ weights }) => weights),
      forward: blockForward(config, layer, parts),
    };
  };
}
