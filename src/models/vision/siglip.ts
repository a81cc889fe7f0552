import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import type { Network } from '../architecture';
import * as nn from '../nn';
import { pooledByHead, poolingHead } from './siglip_head';
import { TOWER, towerEncoder, towerNetwork, towerNorm } from './tower';
import { parseTowerConfig, SIGLIP, type TowerConfig } from './tower_config';

/**
 * `model_type: "siglip"` or "siglip_vision_model": the tower for images of a SigLIP, and of a SigLIP 2 of this type. It has no token for
 * the whole image. The tower's head computes the vector of an image, that of transformers' `get_image_features`. Without the head, the
 * vector is the mean of the patches' hidden states.
 */
export function createSiglip(json: PretrainedConfig): Network {
  const config = parseTowerConfig(json, SIGLIP);
  return towerNetwork(json, config, 'Siglip', {
    root: siglip(config)(TOWER),
    headlessClass: 'SiglipVisionModel',
    ...(config.hasPoolingHead && { imageVectors: pooledByHead(config) }),
  });
}

function siglip(config: TowerConfig) {
  return nn.module(
    'SiglipVisionModel',
    {
      embeddings: embeddings(config),
      encoder: towerEncoder(config, 'Siglip', false),
      post_layernorm: towerNorm(config),
      head: config.hasPoolingHead ? poolingHead(config) : undefined,
    },
    ({ embeddings, encoder, post_layernorm }) =>
      (pass: nn.ForwardPass) =>
        post_layernorm.forward(pass, encoder.layers.forward(pass, embeddings.forward(pass))),
  );
}

/** Embeds pixels (B·P, channels·p·p) as the patches of images (B·P, C). */
function embeddings({ hidden_size: C, image: { channels, patch, patches } }: TowerConfig) {
  return nn.module(
    'SiglipVisionEmbeddings',
    {
      patch_embedding: nn.patchConv2d(channels, C, patch, { padding: 'valid' }),
      position_embedding: nn.embedding(patches, C),
    },
    ({ patch_embedding, position_embedding }) =>
      (pass: nn.ForwardPass): Value => {
        const pixels = patch_embedding.forward(pass, pass.inputs.value('pixel_values'));
        return add(pass.g, pixels, position_embedding.forward(pass, pass.inputs.value('position_ids')));
      },
  );
}
