/** llama.cpp's names of a layer's modules, and the checkpoint's. */
const OF_LAYERS: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

const OTHERS: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

/** The checkpoint's name of a tensor; what has none there keeps its own. */
export function checkpointName(name: string): string {
  const [, layer, module = '', kind = ''] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const names = layer === undefined ? OTHERS : OF_LAYERS;
  const known = Object.hasOwn(names, module) ? names[module] : undefined;
  if (known === undefined) return name;
  return layer === undefined ? `${known}.${kind}` : `model.layers.${layer}.${known}.${kind}`;
}

/**
 * Where llama.cpp keeps a row of Llama's q and k: it has the halves of a head, which rotate with each other, side by side.
 * `headRows` is a head's size.
 */
export function interleavedRow(row: number, headRows: number): number {
  const [head, within] = [Math.floor(row / headRows), row % headRows];
  const half = headRows / 2;
  return head * headRows + (within < half ? 2 * within : 2 * (within - half) + 1);
}
