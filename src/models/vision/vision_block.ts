import * as nn from '../nn';

interface AttentionParts {
  readonly query: nn.Linear;
  readonly key: nn.Linear;
  readonly value: nn.Linear;
  readonly attended: nn.Linear;
}

/** The modules of a block with norms before attention and MLP. Each family has its own names for them. */
export interface BlockParts extends AttentionParts {
  readonly normBefore: nn.Unary;
  readonly normAfter: nn.Unary;
  readonly up: nn.Linear;
  readonly act: nn.Unary;
  readonly down: nn.Linear;
}

interface VisionHeads {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}

/** Returns the forward pass of a layer's attention, in which each token attends to all. A `residual` is added to its result. */
export function attentionForward(
  { hidden_size: C, num_attention_heads: H }: VisionHeads,
  layer: number,
  { query, key, value, attended }: AttentionParts,
): nn.Linear['forward'] {
  const heads = { H, Hkv: H, D: C / H, causal: false };
  return (pass, x, residual) => {
    const [q, k, v] = nn.linears(pass, [query, key, value], x);
    return attended.forward(pass, pass.inputs.attend(layer, q, k, v, heads), residual);
  };
}

/** Returns the forward pass of a block with norms before attention and MLP. */
export function blockForward(heads: VisionHeads, layer: number, parts: BlockParts): nn.Unary['forward'] {
  const { normBefore, normAfter, up, act, down } = parts;
  const attention = attentionForward(heads, layer, parts);
  return (pass, x) => {
    const sum = attention(pass, normBefore.forward(pass, x), x);
    return down.forward(pass, act.forward(pass, up.forward(pass, normAfter.forward(pass, sum))), sum);
  };
}
