import { numel } from '../../../src/core/numbers/shape';
import type { PretrainedConfig } from '../../../src/core/types/model';
import { parseJsonObject } from '../../../src/formats/json';
import { textSizes } from '../../../src/models/architecture';
import { createArchitecture } from '../../../src/tasks/task_registry';
import type { FuzzTarget } from '../target';

/** The input: config.json. */
export const target: FuzzTarget = {
  name: 'model_config',
  codes: ['invalid_format', 'unsupported_model', 'limit_exceeded'],
  run(bytes) {
    const config = parseJsonObject(bytes, 'config.json') as PretrainedConfig;
    const isVision = typeof config.model_type === 'string' && /^(vit|dinov2|(clip|siglip)$)/.test(config.model_type);
    const options = { imageSize: isVision ? 16 : undefined };
    const model = createArchitecture(config, isVision ? 'image_classification' : 'causal_lm', options);
    for (const { name, shape } of [...model.weights, ...model.constants]) {
      if (!Number.isSafeInteger(numel(shape)) || numel(shape) < 1) throw new Error(`${name}: got [${shape}]`);
    }
    if (model.image !== undefined) return;
    const text = textSizes(model);
    const ids = [...text.eosTokenIds, text.padTokenId ?? 0];
    if (!ids.every((id) => Number.isInteger(id) && id >= 0 && id < text.vocabSize)) throw new Error(`got ids ${ids}`);
  },
};
