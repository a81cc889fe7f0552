import type { ModuleNames, PretrainedConfig } from '../../core/types/model';
import type { Network, NetworkOptions, WeightSpec } from '../architecture';
import { poolerOf } from '../headless';
import { linearHead } from '../heads';
import * as nn from '../nn';
import { parseVitConfig } from './vit_config';
import { VIT } from './vit_modules';

/** `model_type: "vit"`: the tokens are an image's patches, after one token for the whole image; LayerNorm before attention and MLP. */
export function createVit(json: PretrainedConfig, { moduleNames }: NetworkOptions = {}): Network {
  const config = parseVitConfig(json);
  const names = moduleNames ?? config.moduleNames;
  const vits = { v4: VIT.v4(config)('vit'), v5: VIT.v5(config)('vit') };
  return {
    config: json,
    image: config.image,
    moduleNames: names,
    namesHint: namesHint(vits, names),
    ...nn.network(vits[names]),
    weights: vits[names].weights.map((spec, index) => storedUnderBoth(spec, vits, index)),
    constants: [],
    hiddenSize: config.hidden_size,
    initialStd: config.initializer_range,
    pooler: poolerOf({ type: 'ViTPooler', C: config.hidden_size, std: config.initializer_range }),
    heads: {
      image_classification: linearHead({
        className: 'ViTForImageClassification',
        C: config.hidden_size,
        name: 'classifier',
        bias: true,
        reads: 'first token',
        std: config.initializer_range,
      }),
    },
  };
}

type Vits = Readonly<Record<ModuleNames, nn.Module>>;

/**
 * Lets files use the tensor's name of either version: transformers 4 and 5 write that of version 4, other programs may write that of
 * version 5.
 */
function storedUnderBoth(spec: WeightSpec, { v4, v5 }: Vits, index: number): WeightSpec {
  const [first = spec, other = spec] = [v4.weights[index], v5.weights[index]];
  return first.name === other.name ? spec : { ...spec, storedNames: [first.name, other.name] };
}

function namesHint(vits: Vits, own: ModuleNames): string {
  const other: ModuleNames = own === 'v4' ? 'v5' : 'v4';
  const of = (names: ModuleNames): string => {
    const query = vits[names].modules.find(({ type }) => type === 'Linear')?.name;
    return `transformers ${names.slice(1)}'s names, such as ${query}`;
  };
  return `The modules of this model have ${of(own)}; loaded with module_names: '${other}' they have ${of(other)}.`;
}
