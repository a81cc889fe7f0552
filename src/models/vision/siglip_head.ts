import { filled } from '../../ops/fill';
import { layerNorm } from '../../ops/norms/layer_norm';
import { scaleColumns } from '../../ops/norms/scale_columns';
import { linear } from '../../ops/products/linear';
import { sliceColumns } from '../../ops/rows/slice_columns';
import { ACTIVATIONS } from '../activations';
import type { Network } from '../architecture';
import * as nn from '../nn';
import { TOWER, towerMlp, towerNorm } from './tower';
import type { TowerConfig } from './tower_config';

/** Creates SigLIP's head, which computes an image's vector: a trained query attends to the patches, then an MLP maps the result. */
export function poolingHead(config: TowerConfig) {
  const { hidden_size: C } = config;
  return nn.module('SiglipMultiheadAttentionPoolingHead', {
    probe: nn.parameter({ shape: [C], kind: 'vector', storedShape: [1, 1, C] }),
    attention: nn.module('MultiheadAttention', {
      in_proj_weight: nn.parameter({ shape: [3 * C, C], kind: 'matrix' }),
      in_proj_bias: nn.parameter({ shape: [3 * C], kind: 'vector' }),
      out_proj: nn.linear(C, C),
    }),
    layernorm: towerNorm(config),
    mlp: towerMlp(config, 'Siglip'),
  });
}

/** Returns the function that computes the vectors of images by `poolingHead`: each patch's row in the result is its image's vector. */
export function pooledByHead(config: TowerConfig): NonNullable<Network['imageVectors']> {
  const { hidden_size: C, num_attention_heads: H, num_hidden_layers, hidden_act, layer_norm_eps: eps } = config;
  const heads = { H, Hkv: H, D: C / H, causal: false };
  const head = `${TOWER}.head`;
  const [inner, out, norm] = [`${head}.attention.in_proj`, `${head}.attention.out_proj`, `${head}.layernorm`];
  return (g, layers, hidden, attend) => {
    const [weight, bias] = [layers.parameter(`${inner}_weight`), layers.parameter(`${inner}_bias`)];
    const probe = { pool: linear(g, layers.parameter(`${head}.probe`), weight, bias), offset: 0 };
    const patches = linear(g, hidden, weight, bias);
    // Attention has a query for each row, so the one query is repeated.
    const q = scaleColumns(g, filled(g, hidden.shape, 1), probe);
    const [k, v] = [sliceColumns(g, patches, C, C), sliceColumns(g, patches, 2 * C, C)];
    const attended = attend(num_hidden_layers, q, k, v, heads);
    // torch reads this layer's weight without calling the layer, so an adapter on it has no effect.
    const sum = linear(g, attended, layers.weight(out), layers.bias(out));
    const normed = layerNorm(g, sum, layers.weight(norm), layers.bias(norm), eps);
    const wide = ACTIVATIONS[hidden_act].apply(g, layers.linear(`${head}.mlp.fc1`, normed));
    return layers.linear(`${head}.mlp.fc2`, wide, { residual: sum });
  };
}
