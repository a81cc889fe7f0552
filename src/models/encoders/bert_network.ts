import type { PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import type { Network, PositionRule } from '../architecture';
import * as nn from '../nn';
import { textSizesOf } from '../text_sizes';
import { encoderForward } from './encoder_block';
import type { EncoderConfig } from './encoder_config';

/** The differences between BERT and RoBERTa, apart from their heads. */
interface BertFamily {
  /** The prefix of transformers' class names. */
  readonly className: string;
  /** The network's name in torch. */
  readonly prefix: string;
  readonly positions: PositionRule;
  /** The row of the first position in the table of positions. */
  readonly firstPosition: number;
  /** Whether torch lists the embedding of token types before that of positions. */
  readonly typesBeforePositions: boolean;
}

/** Creates an encoder whose modules have the names of BERT. */
export function createBertNetwork(
  json: PretrainedConfig,
  config: EncoderConfig,
  family: BertFamily,
): Omit<Network, 'heads'> {
  const { max_position_embeddings: P, type_vocab_size: typeVocabSize } = config;
  const model = bert(config, family)(family.prefix);
  const { word_embeddings, position_embeddings, token_type_embeddings, LayerNorm } = model.embeddings;
  const embeddings = [word_embeddings, position_embeddings, token_type_embeddings, LayerNorm];
  return {
    config: json,
    text: { ...textSizesOf(config, P - family.firstPosition, family.positions), typeVocabSize },
    ...nn.network(model),
    // The tensors have BERT's order in RoBERTa too: training checkpoints store trained tensors in this order, so it must not change.
    weights: [...embeddings, model.encoder].flatMap(({ weights }) => weights),
    constants: [],
    hiddenSize: config.hidden_size,
    initialStd: config.initializer_range,
  };
}

function bert(config: EncoderConfig, family: BertFamily) {
  const { className } = family;
  return nn.module(
    `${className}Model`,
    {
      embeddings: embeddings(config, family),
      encoder: nn.module(`${className}Encoder`, {
        layer: nn.blocks(config.num_hidden_layers, (layer) => block(config, className, layer)),
      }),
    },
    ({ embeddings, encoder }) =>
      (pass: nn.ForwardPass) =>
        encoder.layer.forward(pass, embeddings.forward(pass)),
  );
}

function embeddings(config: EncoderConfig, family: BertFamily) {
  const { vocab_size: V, hidden_size: C, max_position_embeddings: P, pad_token_id: padding } = config;
  const { firstPosition: offset, positions, typesBeforePositions } = family;
  const word_embeddings = nn.embedding(V, C, { padding });
  // If positions count only tokens whose id isn't the padding token's, padding has its own row in the table.
  const position_embeddings = nn.embedding(P, C, { offset, padding: positions === 'ids' ? padding : null });
  const token_type_embeddings = nn.embedding(config.type_vocab_size, C);
  const LayerNorm = nn.layerNorm(C, config.layer_norm_eps);
  const { dropout } = nn;
  return nn.module(
    `${family.className}Embeddings`,
    typesBeforePositions
      ? { word_embeddings, token_type_embeddings, LayerNorm, dropout, position_embeddings }
      : { word_embeddings, position_embeddings, token_type_embeddings, LayerNorm, dropout },
    ({ word_embeddings, position_embeddings, token_type_embeddings, LayerNorm }) =>
      (pass: nn.ForwardPass): Value => {
        const { g, inputs } = pass;
        const words = word_embeddings.forward(pass, inputs.value('input_ids'));
        const types = token_type_embeddings.forward(pass, inputs.value('token_type_ids'));
        const places = position_embeddings.forward(pass, inputs.value('position_ids'));
        return LayerNorm.forward(pass, add(g, add(g, words, types), places));
      },
  );
}

function block(config: EncoderConfig, className: string, layer: number) {
  const { hidden_size: C, intermediate_size: F, layer_norm_eps: eps, hidden_act } = config;
  const { dropout } = nn;
  return nn.module(
    `${className}Layer`,
    {
      attention: nn.module(`${className}Attention`, {
        self: nn.module(`${className}SelfAttention`, {
          query: nn.linear(C, C),
          key: nn.linear(C, C),
          value: nn.linear(C, C),
          dropout,
        }),
        output: nn.module(`${className}SelfOutput`, {
          dense: nn.linear(C, C),
          LayerNorm: nn.layerNorm(C, eps),
          dropout,
        }),
      }),
      intermediate: nn.module(`${className}Intermediate`, {
        dense: nn.linear(C, F),
        intermediate_act_fn: nn.activation(hidden_act),
      }),
      output: nn.module(`${className}Output`, { dense: nn.linear(F, C), LayerNorm: nn.layerNorm(C, eps), dropout }),
    },
    ({ attention: { self, output: attended }, intermediate, output }) =>
      encoderForward(config, layer, {
        query: self.query,
        key: self.key,
        value: self.value,
        attended: attended.dense,
        attentionNorm: attended.LayerNorm,
        up: intermediate.dense,
        act: intermediate.intermediate_act_fn,
        down: output.dense,
        outputNorm: output.LayerNorm,
      }),
  );
}
