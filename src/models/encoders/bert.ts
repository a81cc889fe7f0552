import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { denseHead, tanh } from '../heads';
import { createBertNetwork } from './bert_network';
import { parseEncoderConfig } from './encoder_config';

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
  const head = denseHead({
    className: 'BertForSequenceClassification',
    C: config.hidden_size,
    std: config.initializer_range,
    dense: 'bert.pooler.dense',
    out: 'classifier',
    activation: tanh,
    modules: (dense, out) => [
      { name: 'bert.pooler', type: 'BertPooler' },
      ...dense.modules,
      { name: 'bert.pooler.activation', type: 'Tanh' },
      { name: 'dropout', type: 'Dropout' },
      ...out.modules,
    ],
  });
  return { ...network, heads: { sequence_classification: head } };
}
