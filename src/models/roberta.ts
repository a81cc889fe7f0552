import { WebVeraError } from '../core/error';
import type { PretrainedConfig } from '../core/model';
import { softcap } from '../ops/softcap';
import type { Head, Network } from './architecture';
import { createBertNetwork } from './bert_network';
import { type EncoderConfig, parseEncoderConfig } from './encoder_config';
import { newWeights } from './heads';
import type { Labels } from './labels';
import { type LinearSpec, linearModule, linearWeights } from './specs';

/** `model_type: "roberta"`: BERT whose positions begin behind that of padding, and count what isn't padding by its id. */
export function createRoberta(json: PretrainedConfig): Network {
  return robertaOf(json, 'roberta', 'Roberta');
}

/** `model_type: "xlm-roberta"`: RoBERTa over a vocabulary of a hundred languages. */
export function createXlmRoberta(json: PretrainedConfig): Network {
  return robertaOf(json, 'xlm-roberta', 'XLMRoberta');
}

function robertaOf(json: PretrainedConfig, modelType: string, className: string): Network {
  const config = parseEncoderConfig(json, modelType, { type_vocab_size: 2, bos: 0, eos: 2, pad: 1 });
  const { pad_token_id, max_position_embeddings } = config;
  if (pad_token_id === null || max_position_embeddings <= pad_token_id + 1) {
    const expected = 'a pad_token_id below max_position_embeddings by two or more, as positions begin behind it';
    throw new WebVeraError('invalid_format', `config.json: pad_token_id: expected ${expected}, got ${pad_token_id}`);
  }
  const network = createBertNetwork(json, config, {
    className,
    prefix: 'roberta',
    positions: 'ids',
    firstPosition: pad_token_id + 1,
    typesBeforePositions: true,
  });
  return { ...network, heads: { sequence_classification: (labels) => denseHead(config, className, labels) } };
}

/** Both layers belong to the module `classifier`. */
function denseHead({ hidden_size: C, initializer_range }: EncoderConfig, name: string, labels: Labels): Head {
  const outputs = labels.names.length;
  const linear = { type: 'Linear', inFeatures: C, bias: true } as const;
  const dense: LinearSpec = { ...linear, name: 'classifier.dense', outFeatures: C };
  const out: LinearSpec = { ...linear, name: 'classifier.out_proj', outFeatures: outputs };
  return {
    className: `${name}ForSequenceClassification`,
    modules: [
      { name: 'classifier', type: `${name}ClassificationHead` },
      linearModule(dense),
      { name: 'classifier.dropout', type: 'Dropout' },
      linearModule(out),
    ],
    weights: newWeights([dense, out].flatMap(linearWeights), initializer_range),
    tied: new Map(),
    reads: 'first token',
    outputs,
    labels,
    // A cap of 1 is tanh itself.
    logits: (g, layers, hidden) =>
      layers.linear('classifier.out_proj', softcap(g, layers.linear('classifier.dense', hidden), 1)),
  };
}
