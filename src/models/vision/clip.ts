import { isJsonObject } from '../../core/input/fields';
import { rowsAndColumns } from '../../core/numbers/shape';
import type { PretrainedConfig } from '../../core/types/model';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { layerNorm } from '../../ops/norms/layer_norm';
import { prependRows } from '../../ops/rows/prepend_rows';
import type { Network } from '../architecture';
import { architectureName } from '../config_fields';
import type { Layers } from '../layers';
import * as nn from '../nn';
import { TOWER, towerEncoder, towerNetwork, towerNorm } from './tower';
import { CLIP, parseTowerConfig, type TowerConfig } from './tower_config';

const WITH_PROJECTION = 'CLIPVisionModelWithProjection';
const [NORM, PROJECTION] = [`${TOWER}.post_layernorm`, 'visual_projection'];

/**
 * `model_type: "clip"` or "clip_vision_model": the tower for images of a CLIP. If the files contain the projection, an image's vector is
 * that of transformers' `get_image_features`; without the projection, and in a classifier, it is `pooler_output`.
 */
export function createClip(json: PretrainedConfig): Network {
  const config = parseTowerConfig(json, CLIP);
  const { hidden_size: C, projection_dim, layer_norm_eps } = config;
  const isProjected = hasProjection(json, config.isAlone);
  const { modules, weights } = nn.linear(C, projection_dim, false)(PROJECTION);
  const imageVectors = (g: Graph, layers: Layers, hidden: Value): Value =>
    layerNorm(g, hidden, layers.weight(NORM), layers.bias(NORM), layer_norm_eps);
  const projected = (g: Graph, layers: Layers, hidden: Value): Value =>
    layers.linear(PROJECTION, imageVectors(g, layers, hidden));
  return towerNetwork(isProjected && !config.isAlone ? withProjection(json, projection_dim) : json, config, 'CLIP', {
    root: clip(config)(TOWER),
    headlessClass: isProjected ? WITH_PROJECTION : 'CLIPVisionModel',
    ...(isProjected && { pooler: { modules, weights, imageVectors: projected } }),
    imageVectors,
  });
}

/** Whether the files contain the projection. Files of models with both towers do, except those of two classes. */
function hasProjection(config: PretrainedConfig, isAlone: boolean): boolean {
  const name = architectureName(config);
  if (isAlone) return name === WITH_PROJECTION;
  return !['CLIPForImageClassification', 'CLIPVisionModel'].includes(name);
}

/** Returns the config with the projection's size among the tower's fields: `CLIPVisionModelWithProjection` reads only these. */
function withProjection(json: PretrainedConfig, projection_dim: number): PretrainedConfig {
  const { vision_config, vision_config_dict } = json;
  const described = vision_config_dict ?? vision_config;
  const tower = { ...(isJsonObject(described) && described), projection_dim };
  return { ...json, vision_config: tower, ...(isJsonObject(vision_config_dict) && { vision_config_dict: tower }) };
}

function clip(config: TowerConfig) {
  return nn.module(
    'CLIPVisionModel',
    {
      embeddings: embeddings(config),
      // transformers spells it like this.
      pre_layrnorm: towerNorm(config),
      encoder: towerEncoder(config, 'CLIP', true),
      // The forward pass doesn't apply this norm: only `imageVectors` does.
      post_layernorm: towerNorm(config),
    },
    ({ embeddings, pre_layrnorm, encoder }) =>
      (pass: nn.ForwardPass) =>
        encoder.layers.forward(pass, pre_layrnorm.forward(pass, embeddings.forward(pass))),
  );
}

/** Embeds pixels (B·P, channels·p·p) as (B·(P + 1), C): the patches of each image after the token for the whole image. */
function embeddings({ hidden_size: C, image: { channels, patch, patches: P } }: TowerConfig) {
  return nn.module(
    'CLIPVisionEmbeddings',
    {
      class_embedding: nn.parameter({ shape: [C], kind: 'vector' }),
      patch_embedding: nn.patchConv2d(channels, C, patch, { bias: false }),
      position_embedding: nn.embedding(P + 1, C),
    },
    ({ class_embedding, patch_embedding, position_embedding }) =>
      (pass: nn.ForwardPass): Value => {
        const { g, inputs } = pass;
        const patches = patch_embedding.forward(pass, inputs.value('pixel_values'));
        const tokens = prependRows(g, patches, class_embedding.value(pass), rowsAndColumns(patches.shape).rows / P);
        return add(g, tokens, position_embedding.forward(pass, inputs.value('position_ids')));
      },
  );
}
