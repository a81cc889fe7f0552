import * as nn from '../nn';

/** The modules of an encoder's block. Each family has its own names for them. */
interface EncoderParts {
  readonly query: nn.Linear;
  readonly key: nn.Linear;
  readonly value: nn.Linear;
  readonly attended: nn.Linear;
  readonly attentionNorm: nn.Unary;
  readonly up: nn.Linear;
  readonly act: nn.Unary;
  readonly down: nn.Linear;
  readonly outputNorm: nn.Unary;
}

interface EncoderHeads {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}

/** Returns the forward pass of a block of BERT and similar encoders: bidirectional attention, LayerNorm after each sum. */
export function encoderForward(
  { hidden_size: C, num_attention_heads: H }: EncoderHeads,
  layer: number,
  { query, key, value, attended, attentionNorm, up, act, down, outputNorm }: EncoderParts,
): nn.Unary['forward'] {
  const heads = { H, Hkv: H, D: C / H, causal: false };
  return (pass, x) => {
    const [q, k, v] = nn.linears(pass, [query, key, value], x);
    const sum = attended.forward(pass, pass.inputs.attend(layer, q, k, v, heads), x);
    const normed = attentionNorm.forward(pass, sum);
    const wide = act.forward(pass, up.forward(pass, normed));
    return outputNorm.forward(pass, down.forward(pass, wide, normed));
  };
}
