import type { PretrainedConfig } from '../core/model';
import { softcap } from '../ops/softcap';
import type { Head, Network } from './architecture';
import { createBertNetwork } from './bert_network';
import { type EncoderConfig, parseEncoderConfig } from './encoder_config';
import { newWeights } from './heads';
import type { Labels } from './labels';
import { type LinearSpec, linearModule, linearWeights } from './specs';

/** `model_type: "bert"`: an encoder with learned positions and types of tokens; its pooler reads the first token. */
export function createBert(json: PretrainedConfig): Network {
  const config = parseEncoderConfig(json, 'bert', { type_vocab_size: 2, bos: null, eos: null, pad: 0 });
  const network = createBertNetwork(json, config, {
    className: 'Bert',
    prefix: 'bert',
    positions: 'row',
    firstPosition: 0,
    typesBeforePositions: false,
  });
  return { ...network, heads: { sequence_classification: (labels) => pooledHead(config, labels) } };
}

/** tanh of a linear layer, then the classifier. A checkpoint of another task may lack both. */
function pooledHead({ hidden_size: C, initializer_range }: EncoderConfig, labels: Labels): Head {
  const outputs = labels.names.length;
  const linear = { type: 'Linear', inFeatures: C, bias: true } as const;
  const pooler: LinearSpec = { ...linear, name: 'bert.pooler.dense', outFeatures: C };
  const classifier: LinearSpec = { ...linear, name: 'classifier', outFeatures: outputs };
  return {
    className: 'BertForSequenceClassification',
    modules: [
      { name: 'bert.pooler', type: 'BertPooler' },
      linearModule(pooler),
      { name: 'bert.pooler.activation', type: 'Tanh' },
      { name: 'dropout', type: 'Dropout' },
      linearModule(classifier),
    ],
    weights: newWeights([pooler, classifier].flatMap(linearWeights), initializer_range),
    tied: new Map(),
    reads: 'first token',
    outputs,
    labels,
    // A cap of 1 is tanh itself.
    logits: (g, layers, hidden) =>
      layers.linear('classifier', softcap(g, layers.linear('bert.pooler.dense', hidden), 1)),
  };
}
