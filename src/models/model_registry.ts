import { WebVeraError } from '../core/errors/error';
import type { PretrainedConfig } from '../core/types/model';
import type { Network, NetworkOptions } from './architecture';
import { createFalcon } from './decoders/falcon';
import { createGemma } from './decoders/gemma';
import { createGemma2 } from './decoders/gemma2';
import { createGemma3 } from './decoders/gemma3';
import { createGptNeo } from './decoders/gpt_neo';
import { createGptNeox } from './decoders/gpt_neox';
import { createGpt2 } from './decoders/gpt2';
import { createLfm2 } from './decoders/lfm2/lfm2';
import { createLlama } from './decoders/llama';
import { createMistral } from './decoders/mistral';
import { createOlmo2 } from './decoders/olmo2';
import { createOpt } from './decoders/opt';
import { createPhi3 } from './decoders/phi3';
import { createQwen2 } from './decoders/qwen2';
import { createQwen3 } from './decoders/qwen3';
import { createBert } from './encoders/bert';
import { createDistilbert } from './encoders/distilbert';
import { createModernBert } from './encoders/modernbert';
import { createRoberta, createXlmRoberta } from './encoders/roberta';
import { createClip } from './vision/clip';
import { createDinov2, createDinov2WithRegisters } from './vision/dinov2';
import { createSiglip } from './vision/siglip';
import { createVit } from './vision/vit';

const networks: ReadonlyMap<string, (config: PretrainedConfig, options: NetworkOptions) => Network> = new Map([
  ['bert', createBert],
  ['clip', createClip],
  ['clip_vision_model', createClip],
  ['dinov2', createDinov2],
  ['dinov2_with_registers', createDinov2WithRegisters],
  ['distilbert', createDistilbert],
  ['falcon', createFalcon],
  ['gemma', createGemma],
  ['gemma2', createGemma2],
  ['gemma3_text', createGemma3],
  ['gpt2', createGpt2],
  ['gpt_neo', createGptNeo],
  ['gpt_neox', createGptNeox],
  ['lfm2', createLfm2],
  ['llama', createLlama],
  ['mistral', createMistral],
  ['modernbert', createModernBert],
  ['olmo2', createOlmo2],
  ['opt', createOpt],
  ['phi3', createPhi3],
  ['qwen2', createQwen2],
  ['qwen3', createQwen3],
  ['roberta', createRoberta],
  ['siglip', createSiglip],
  ['siglip_vision_model', createSiglip],
  ['vit', createVit],
  ['xlm-roberta', createXlmRoberta],
]);

/**
 * Creates the network that a config.json describes. Throws `unsupported_model` for unknown networks, and `invalid_format` for invalid
 * fields.
 */
export function createNetwork(config: PretrainedConfig, options: NetworkOptions): Network {
  const create = networks.get(config.model_type);
  if (create !== undefined) return create(config, options);
  const { model_type = null } = config as { readonly model_type?: unknown };
  const known = [...networks.keys()].join(', ');
  if (model_type === null) {
    throw new WebVeraError('unsupported_model', `model_type: expected one of ${known}, got nothing`, {
      hint: 'Add the family to config.json, such as "model_type": "bert" for a BERT. transformers needs it, too.',
    });
  }
  const message = `model_type: expected one of ${known}, got ${JSON.stringify(model_type)}`;
  throw new WebVeraError('unsupported_model', message, {
    hint: 'Choose a model of a supported architecture.',
    detail: { model_type },
  });
}
