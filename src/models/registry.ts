import { WebVeraError } from '../core/errors/error';
import type { PretrainedConfig, TaskName } from '../core/types/model';
import type { Architecture, Network, NetworkOptions } from './architecture';
import { createFalcon } from './decoders/falcon';
import { createGemma } from './decoders/gemma';
import { createGemma2 } from './decoders/gemma2';
import { createGemma3 } from './decoders/gemma3';
import { createGpt2 } from './decoders/gpt2';
import { createLlama } from './decoders/llama';
import { createMistral } from './decoders/mistral';
import { createOpt } from './decoders/opt';
import { createPhi3 } from './decoders/phi3';
import { createQwen2 } from './decoders/qwen2';
import { createQwen3 } from './decoders/qwen3';
import { createBert } from './encoders/bert';
import { createDistilbert } from './encoders/distilbert';
import { createRoberta, createXlmRoberta } from './encoders/roberta';
import { parseLabels } from './labels';
import { createVit } from './vision/vit';

const networks: ReadonlyMap<string, (config: PretrainedConfig, options: NetworkOptions) => Network> = new Map([
  ['bert', createBert],
  ['distilbert', createDistilbert],
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
  ['roberta', createRoberta],
  ['vit', createVit],
  ['xlm-roberta', createXlmRoberta],
]);

/**
 * The architecture that a config.json names, with a task's head. Throws `unsupported_model` for others, and for networks that have no
 * such head; `invalid_format` for bad fields.
 */
export function createArchitecture(
  config: PretrainedConfig,
  task: TaskName = 'causal_lm',
  options: NetworkOptions = {},
): Architecture {
  const { heads, ...network } = createNetwork(config, options);
  const makeHead = heads[task];
  if (makeHead === undefined) throw noHead(config.model_type, task, heads);
  const head = makeHead(task === 'causal_lm' ? NO_LABELS : parseLabels(config));
  return {
    ...network,
    config: task === 'causal_lm' ? config : { ...config, architectures: [head.className] },
    task,
    head,
    modules: [{ name: '', type: head.className }, ...network.modules, ...head.modules],
    weights: [...network.weights, ...head.weights],
    tied: head.tied,
  };
}

/** What the network that a config.json names can be used for. Throws as `createArchitecture` does. */
export function tasksOf(config: PretrainedConfig): readonly TaskName[] {
  return Object.keys(createNetwork(config, {}).heads) as TaskName[];
}

function createNetwork(config: PretrainedConfig, options: NetworkOptions): Network {
  const create = networks.get(config.model_type);
  if (create !== undefined) return create(config, options);
  throw new WebVeraError(
    'unsupported_model',
    `model_type: expected one of ${[...networks.keys()].join(', ')}, got ${JSON.stringify(config.model_type)}`,
    { hint: 'Choose a model of a supported architecture.', detail: { model_type: config.model_type } },
  );
}

const NO_LABELS = { names: [], problem: 'single_label_classification' } as const;

/** The class that loads a model for a task. */
const CLASSES: Readonly<Record<TaskName, string>> = {
  causal_lm: 'AutoModelForCausalLM',
  sequence_classification: 'AutoModelForSequenceClassification',
  image_classification: 'AutoModelForImageClassification',
};

function noHead(model_type: string, task: TaskName, heads: Network['heads']): WebVeraError {
  const others = (Object.keys(heads) as TaskName[]).map((one) => CLASSES[one]);
  return new WebVeraError(
    'unsupported_model',
    `${CLASSES[task]}: expected a model for that, got model_type ${model_type}`,
    {
      hint: `Models of this type are loaded by ${others.join(' or ')}.`,
      detail: { model_type, task },
    },
  );
}
