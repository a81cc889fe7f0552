import { WebVeraError } from '../core/error';
import type { PretrainedConfig } from '../core/model';
import type { CausalModel } from './causal_model';
import { createGpt2 } from './gpt2';
import { createLlama } from './llama';
import { createOpt } from './opt';

const causalModels: ReadonlyMap<string, (config: PretrainedConfig) => CausalModel> = new Map([
  ['gpt2', createGpt2],
  ['llama', createLlama],
  ['opt', createOpt],
]);

/** The architecture that a config.json names. Throws `unsupported_model` for others, `invalid_format` for bad fields. */
export function createCausalModel(config: PretrainedConfig): CausalModel {
  const create = causalModels.get(config.model_type);
  if (create !== undefined) return create(config);
  throw new WebVeraError(
    'unsupported_model',
    `model_type: expected one of ${[...causalModels.keys()].join(', ')}, got ${JSON.stringify(config.model_type)}`,
    { hint: 'Choose a model of a supported architecture.', detail: { model_type: config.model_type } },
  );
}
