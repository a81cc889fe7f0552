import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { poolerOf } from '../headless';
import { denseHead, tanh } from '../heads';
import * as nn from '../nn';
import { createBertNetwork } from './bert_network';
import { parseEncoderConfig } from './encoder_config';

/** `model_type: "bert"`: an encoder with learned positions and token types; its pooler reads the first token. */
export function createBert(json: PretrainedConfig): Network {
  const config = parseEncoderConfig(json, 'bert', { type_vocab_size: 2, bos: null, eos: null, pad: 0 });
  const { hidden_size: C } = config;
  const network = createBertNetwork(json, config, {
    className: 'Bert',
    prefix: 'bert',
    positions: 'row',
    firstPosition: 0,
    typesBeforePositions: false,
  });
  const head = denseHead({
    className: 'BertForSequenceClassification',
    std: config.initializer_range,
    modules: (outputs) => {
      const pooler = nn.module('BertPooler', { dense: nn.linear(C, C), activation: nn.module('Tanh', {}) })(
        'bert.pooler',
      );
      const out = nn.linear(C, outputs)('classifier');
      return { dense: pooler.dense, out, all: [pooler, nn.dropout('dropout'), out] };
    },
    activation: tanh,
  });
  const pooler = poolerOf({ type: 'BertPooler', C, std: config.initializer_range });
  return { ...network, pooler, heads: { sequence_classification: head } };
}
