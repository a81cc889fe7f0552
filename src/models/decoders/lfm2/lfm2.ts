import type { PretrainedConfig } from '../../../core/types/model';
import type { Value } from '../../../graph/value';
import { swiglu } from '../../../ops/activations/swiglu';
import type { Network } from '../../architecture';
import { initialStdOf, languageHead } from '../../heads';
import * as nn from '../../nn';
import { longTexts, ropeConstant } from '../../positions/rope_table';
import { textSizesOf } from '../../text_sizes';
import type { GatedDecoder } from '../gated/gated_family';
import { attend, type BlockPart, norm } from '../gated/gated_parts';
import { parseLfm2Config } from './lfm2_config';

/** `model_type: "lfm2"`: a gated convolution over time in most blocks, attention in the others, and a gated MLP in each. */
export function createLfm2(json: PretrainedConfig): Network {
  const config = parseLfm2Config(json);
  const { hidden_size: C, vocab_size: V, head_dim: D, rope, convolution, tie_word_embeddings } = config;
  const text = textSizesOf(config, config.max_position_embeddings, 'row');
  const full = ropeConstant('rope', rope, D, text.maxLength);
  const model = lfm2({
    ...config,
    className: 'Lfm2',
    ropes: { full, sliding: full },
    block: (decoder, layer) =>
      convolution.layers[layer] ? convolvingBlock(decoder, layer, convolution.length) : attendingBlock(decoder, layer),
  })('model');
  const tiedTo = tie_word_embeddings ? model.embed_tokens.name : undefined;
  // transformers reads `tie_embedding` before `tie_word_embeddings`, which is the field that untied models and adapters change and read.
  const { tie_embedding: _, ...rest } = json;
  return {
    config: { ...rest, tie_word_embeddings },
    text: { ...text, longTexts: longTexts(rope, text.maxLength) },
    ...nn.network(model),
    constants: [full],
    hiddenSize: C,
    initialStd: initialStdOf(json),
    heads: { causal_lm: () => languageHead({ className: 'Lfm2ForCausalLM', C, V, tiedTo }) },
  };
}

function lfm2(decoder: GatedDecoder) {
  const { vocab_size: V, hidden_size: C, pad_token_id: padding } = decoder;
  return nn.module(
    'Lfm2Model',
    {
      embed_tokens: nn.embedding(V, C, { padding }),
      layers: nn.blocks(decoder.num_hidden_layers, (layer) => decoder.block(decoder, layer)),
      rotary_emb: nn.module('Lfm2RotaryEmbedding', {}),
      embedding_norm: norm(decoder),
    },
    ({ embed_tokens, layers, embedding_norm }) =>
      (pass: nn.ForwardPass) =>
        embedding_norm.forward(pass, layers.forward(pass, embed_tokens.forward(pass, pass.inputs.value('input_ids')))),
  );
}

function attendingBlock(decoder: GatedDecoder, layer: number): nn.Unnamed<nn.Unary> {
  const children = { self_attn: attention(decoder, layer), ...commonParts(decoder) };
  return nn.module('Lfm2DecoderLayer', children, ({ self_attn, ...parts }) => blockForward(self_attn, parts));
}

function convolvingBlock(decoder: GatedDecoder, layer: number, K: number): nn.Unnamed<nn.Unary> {
  const children = { conv: shortConv(decoder, layer, K), ...commonParts(decoder) };
  return nn.module('Lfm2DecoderLayer', children, ({ conv, ...parts }) => blockForward(conv, parts));
}

function commonParts(decoder: GatedDecoder) {
  return { feed_forward: mlp(decoder), operator_norm: norm(decoder), ffn_norm: norm(decoder) };
}

interface CommonParts {
  readonly feed_forward: BlockPart;
  readonly operator_norm: nn.Unary;
  readonly ffn_norm: nn.Unary;
}

function blockForward(
  operator: BlockPart,
  { feed_forward, operator_norm, ffn_norm }: CommonParts,
): nn.Unary['forward'] {
  return (pass, x) => {
    const mixed = operator.forward(pass, operator_norm.forward(pass, x), x);
    return feed_forward.forward(pass, ffn_norm.forward(pass, mixed), mixed);
  };
}

function attention(decoder: GatedDecoder, layer: number): nn.Unnamed<BlockPart> {
  const { hidden_size: C, head_dim: D, num_attention_heads: H, num_key_value_heads: Hkv } = decoder;
  return nn.module(
    'Lfm2Attention',
    {
      q_proj: nn.linear(C, H * D, false),
      k_proj: nn.linear(C, Hkv * D, false),
      v_proj: nn.linear(C, Hkv * D, false),
      out_proj: nn.linear(H * D, C, false),
      q_layernorm: norm(decoder, D),
      k_layernorm: norm(decoder, D),
    },
    ({ q_proj, k_proj, v_proj, out_proj, q_layernorm, k_layernorm }) =>
      (pass: nn.ForwardPass, x: Value, residual?: Value) => {
        const [q, k, v] = nn.linears(pass, [q_proj, k_proj, v_proj], x);
        const normed = { q: q_layernorm.forward(pass, q), k: k_layernorm.forward(pass, k), v };
        return out_proj.forward(pass, attend(pass, decoder, layer, normed), residual);
      },
  );
}

function shortConv({ hidden_size: C }: GatedDecoder, layer: number, K: number): nn.Unnamed<BlockPart> {
  return nn.module(
    'Lfm2ShortConv',
    { conv: nn.shortConv1d(C, K), in_proj: nn.linear(C, 3 * C, false), out_proj: nn.linear(C, C, false) },
    ({ conv, in_proj, out_proj }) =>
      (pass: nn.ForwardPass, x: Value, residual?: Value) =>
        out_proj.forward(pass, conv.forward(pass, layer, in_proj.forward(pass, x)), residual),
  );
}

function mlp({ hidden_size: C, intermediate_size: F }: GatedDecoder): nn.Unnamed<BlockPart> {
  return nn.module(
    'Lfm2MLP',
    { w1: nn.linear(C, F, false), w3: nn.linear(C, F, false), w2: nn.linear(F, C, false) },
    ({ w1, w3, w2 }) =>
      (pass: nn.ForwardPass, x: Value, residual?: Value) => {
        const [gate, up] = nn.linears(pass, [w1, w3], x);
        return w2.forward(pass, swiglu(pass.g, gate, up), residual);
      },
  );
}
