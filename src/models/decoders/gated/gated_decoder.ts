import type { PretrainedConfig } from '../../../core/types/model';
import type { Network } from '../../architecture';
import { LOOK_AHEAD } from '../../config_fields';
import { initialStdOf, languageHead, scoreHead } from '../../heads';
import * as nn from '../../nn';
import { longTexts, ropeConstant } from '../../positions/rope_table';
import { textSizesOf } from '../../text_sizes';
import type { GatedDecoderConfig } from './gated_config';
import type { GatedDecoder, GatedFamily } from './gated_family';
import { norm } from './gated_parts';

/** Creates a Llama or a similar network: RMSNorm, rotary grouped-query attention, gated MLP; tied or untied head. */
export function createGatedDecoder(json: PretrainedConfig, config: GatedDecoderConfig, family: GatedFamily): Network {
  const { className, classifierName = className } = family;
  const {
    hidden_size: C,
    vocab_size: V,
    head_dim: D,
    rope,
    slidingRope,
    logitSoftcap: softcap,
    causal = true,
  } = config;
  const text = textSizesOf(config, config.max_position_embeddings, 'row');
  const full = ropeConstant('rope', rope, D, text.maxLength);
  const sliding = slidingRope && ropeConstant('sliding rope', slidingRope, D, text.maxLength);
  const model = gatedDecoder({ ...config, ...family, ropes: { full, sliding: sliding ?? full } })('model');
  const tiedTo = config.tie_word_embeddings ? model.embed_tokens.name : undefined;
  const initialStd = initialStdOf(json);
  return {
    config: json,
    text: { ...text, longTexts: longTexts(rope, text.maxLength) },
    ...nn.network(model),
    constants: [full, ...(sliding === undefined ? [] : [sliding])],
    hiddenSize: C,
    initialStd,
    ...(!causal && { variant: LOOK_AHEAD }),
    heads: {
      ...(causal && { causal_lm: () => languageHead({ className: `${className}ForCausalLM`, C, V, tiedTo, softcap }) }),
      sequence_classification: scoreHead({
        className: `${classifierName}ForSequenceClassification`,
        C,
        std: initialStd,
      }),
    },
  };
}

function gatedDecoder(decoder: GatedDecoder) {
  const {
    className,
    networkName = `${className}Model`,
    vocab_size: V,
    hidden_size: C,
    pad_token_id: padding,
  } = decoder;
  return nn.module(
    networkName,
    {
      embed_tokens: nn.embedding(V, C, { padding, ...decoder.embedding }),
      layers: nn.blocks(decoder.num_hidden_layers, (layer) => decoder.block(decoder, layer)),
      norm: norm(decoder),
      rotary_emb: nn.module(`${className}RotaryEmbedding`, {}),
    },
    ({ embed_tokens, layers, norm }) =>
      (pass: nn.ForwardPass) =>
        norm.forward(pass, layers.forward(pass, embed_tokens.forward(pass, pass.inputs.value('input_ids')))),
  );
}
