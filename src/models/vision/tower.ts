import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { linearHead } from '../heads';
import * as nn from '../nn';
import type { TowerConfig } from './tower_config';
import { blockForward } from './vision_block';

/** The name of the images' tower in torch and in files. */
export const TOWER = 'vision_model';

type OwnFields = Pick<Network, 'pooler' | 'headlessClass' | 'imageVectors'>;

/** Creates the network of a CLIP's or a SigLIP's tower for images. Like transformers, it classifies images by the mean of the patches. */
export function towerNetwork(
  json: PretrainedConfig,
  { image, hidden_size: C, std, isAlone }: TowerConfig,
  className: string,
  { root, ...own }: OwnFields & { readonly root: Parameters<typeof nn.network>[0] },
): Network {
  const head = { className: `${className}ForImageClassification`, C, name: 'classifier', bias: true, std };
  return {
    config: json,
    image,
    ...nn.network(root),
    constants: [],
    hiddenSize: C,
    initialStd: std,
    // transformers has no classifier for a file of the tower alone.
    heads: isAlone ? {} : { image_classification: linearHead({ ...head, reads: 'patches' }) },
    ...own,
  };
}

export function towerNorm({ hidden_size: C, layer_norm_eps }: TowerConfig): nn.Unnamed<nn.Unary> {
  return nn.layerNorm(C, layer_norm_eps);
}

/** Creates the blocks. `attendsFirst`: whether torch lists a block's attention before its norms. */
export function towerEncoder(config: TowerConfig, className: string, attendsFirst: boolean) {
  const layers = nn.blocks(config.num_hidden_layers, (layer) => block(config, layer, className, attendsFirst));
  return nn.module(`${className}Encoder`, { layers });
}

function block(config: TowerConfig, layer: number, className: string, attendsFirst: boolean): nn.Unnamed<nn.Unary> {
  const { hidden_size: C } = config;
  const self_attn = nn.module(`${className}Attention`, {
    k_proj: nn.linear(C, C),
    v_proj: nn.linear(C, C),
    q_proj: nn.linear(C, C),
    out_proj: nn.linear(C, C),
  });
  const [layer_norm1, mlp, layer_norm2] = [towerNorm(config), towerMlp(config, className), towerNorm(config)];
  return nn.module(
    `${className}EncoderLayer`,
    attendsFirst ? { self_attn, layer_norm1, mlp, layer_norm2 } : { layer_norm1, self_attn, layer_norm2, mlp },
    ({ self_attn: { q_proj, k_proj, v_proj, out_proj }, layer_norm1, mlp, layer_norm2 }) =>
      blockForward(config, layer, {
        query: q_proj,
        key: k_proj,
        value: v_proj,
        attended: out_proj,
        normBefore: layer_norm1,
        normAfter: layer_norm2,
        up: mlp.fc1,
        act: mlp.activation_fn,
        down: mlp.fc2,
      }),
  );
}

export function towerMlp({ hidden_size: C, intermediate_size: F, hidden_act }: TowerConfig, className: string) {
  return nn.module(`${className}MLP`, {
    activation_fn: nn.activation(hidden_act),
    fc1: nn.linear(C, F),
    fc2: nn.linear(F, C),
  });
}
