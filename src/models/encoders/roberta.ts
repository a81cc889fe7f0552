import { WebVeraError } from '../../core/errors/error';
import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { poolerOf } from '../headless';
import { denseHead, tanh } from '../heads';
import * as nn from '../nn';
import { createBertNetwork } from './bert_network';
import { parseEncoderConfig } from './encoder_config';

/**
 * `model_type: "roberta"`: BERT whose positions don't count padding, which is recognised by its token id. In the table of positions, the
 * row of the first position follows the row of padding.
 */
export function createRoberta(json: PretrainedConfig): Network {
  return robertaOf(json, 'roberta', 'Roberta');
}

/** `model_type: "xlm-roberta"`: RoBERTa with a multilingual vocabulary. */
export function createXlmRoberta(json: PretrainedConfig): Network {
  return robertaOf(json, 'xlm-roberta', 'XLMRoberta');
}

function robertaOf(json: PretrainedConfig, modelType: string, className: string): Network {
  const config = parseEncoderConfig(json, modelType, { type_vocab_size: 2, bos: 0, eos: 2, pad: 1 });
  const { hidden_size: C, pad_token_id, max_position_embeddings } = config;
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
  const head = denseHead({
    className: `${className}ForSequenceClassification`,
    std: config.initializer_range,
    modules: (outputs) => {
      const classifier = nn.module(`${className}ClassificationHead`, {
        dense: nn.linear(C, C),
        dropout: nn.dropout,
        out_proj: nn.linear(C, outputs),
      })('classifier');
      return { dense: classifier.dense, out: classifier.out_proj, all: [classifier] };
    },
    activation: tanh,
  });
  const pooler = poolerOf({ type: `${className}Pooler`, C, std: config.initializer_range });
  return { ...network, pooler, heads: { sequence_classification: head } };
}
