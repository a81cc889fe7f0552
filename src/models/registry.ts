import { WebVeraError } from '../core/error';
import type { PretrainedConfig } from '../core/model';
import type { Architecture } from './architecture';
import { createFalcon } from './falcon';
import { createGemma } from './gemma';
import { createGemma2 } from './gemma2';
import { createGemma3 } from './gemma3';
import { createGpt2 } from './gpt2';
import { createLlama } from './llama';
import { createMistral } from './mistral';
import { createOpt } from './opt';
import { createPhi3 } from './phi3';
import { createQwen2 } from './qwen2';
import { createQwen3 } from './qwen3';

const architectures: ReadonlyMap<string, (config: PretrainedConfig) => Architecture> = new Map([
  ['falcon', createFalcon],
  ['gemma', createGemma],
  ['gemma2', createGemma2],
  ['gemma3_text', createGemma3],
  ['gpt2', createGpt2],
  ['llama', createLlama],
  ['mistral', createMistral],
  ['opt', createOpt],
  ['phi3', createPhi3],
  ['qwen2', createQwen2],
  ['qwen3', createQwen3],
]);

/** The architecture that a config.json names. Throws `unsupported_model` for others, `invalid_format` for bad fields. */
export function createArchitecture(config: PretrainedConfig): Architecture {
  const create = architectures.get(config.model_type);
  if (create !== undefined) return create(config);
  throw new WebVeraError(
    'unsupported_model',
    `model_type: expected one of ${[...architectures.keys()].join(', ')}, got ${JSON.stringify(config.model_type)}`,
    { hint: 'Choose a model of a supported architecture.', detail: { model_type: config.model_type } },
  );
}
