import type { PretrainedConfig } from '../../core/types/model';
import type { Network, NetworkOptions } from '../architecture';
import { poolerOf } from '../headless';
import { linearHead } from '../heads';
import { namedVersion } from './named_versions';
import { parseVitConfig } from './vit_config';
import { VIT } from './vit_modules';

/** `model_type: "vit"`: the tokens are an image's patches, after one token for the whole image; LayerNorm before attention and MLP. */
export function createVit(json: PretrainedConfig, { moduleNames }: NetworkOptions = {}): Network {
  const config = parseVitConfig(json);
  const { hidden_size: C, initializer_range: std } = config;
  return {
    config: json,
    image: config.image,
    ...namedVersion({ v4: VIT.v4(config)('vit'), v5: VIT.v5(config)('vit') }, moduleNames ?? config.moduleNames),
    constants: [],
    hiddenSize: C,
    initialStd: std,
    pooler: poolerOf({ type: 'ViTPooler', C, std }),
    heads: {
      image_classification: linearHead({
        className: 'ViTForImageClassification',
        C,
        name: 'classifier',
        bias: true,
        reads: 'first token',
        std,
      }),
    },
  };
}
