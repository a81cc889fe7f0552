/** llama.cpp's names of modules, and the checkpoint's. */
type Names = Readonly<Record<string, string>>;

/** A family's names. */
export interface TensorNames {
  /** What holds the checkpoint's layers: 'model.layers'. */
  readonly block: string;
  /** Of a layer's modules. */
  readonly layers: Names;
  readonly others: Names;
}

/** A tensor's name in its parts: 'blk.7.attn_q.weight'. */
interface NameParts {
  readonly layer?: string;
  readonly module: string;
  readonly kind: string;
}

/** Of Llama and what was built after it. */
export const DECODER_NAMES: TensorNames = {
  block: 'model.layers',
  layers: {
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
  },
  others: { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' },
};

export const PHI3_NAMES: TensorNames = {
  ...DECODER_NAMES,
  layers: { ...DECODER_NAMES.layers, attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' },
};

/** Of Gemma 2 and 3, which norm what attention and MLP give, too. */
export const GEMMA2_NAMES: TensorNames = {
  ...DECODER_NAMES,
  layers: {
    ...DECODER_NAMES.layers,
    post_attention_norm: 'post_attention_layernorm',
    ffn_norm: 'pre_feedforward_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
};

export const GPT2_NAMES: TensorNames = {
  block: 'transformer.h',
  layers: {
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
  others: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
  },
};

export const FALCON_NAMES: TensorNames = {
  block: 'transformer.h',
  layers: {
    attn_norm: 'input_layernorm',
    attn_qkv: 'self_attention.query_key_value',
    attn_output: 'self_attention.dense',
    ffn_up: 'mlp.dense_h_to_4h',
    ffn_down: 'mlp.dense_4h_to_h',
  },
  others: { token_embd: 'transformer.word_embeddings', output_norm: 'transformer.ln_f', output: 'lm_head' },
};

/** Of the Falcons whose layers have a norm for attention and one for the MLP. */
export const FALCON_NAMES_OF_TWO_NORMS: TensorNames = {
  ...FALCON_NAMES,
  layers: { ...FALCON_NAMES.layers, attn_norm: 'ln_mlp', attn_norm_2: 'ln_attn' },
};

export function partsOf(name: string): NameParts | undefined {
  const [, layer, module, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  if (module === undefined || kind === undefined) return undefined;
  return { ...(layer !== undefined && { layer }), module, kind };
}

/** The checkpoint's name of a tensor; what has none there keeps its own. */
export function checkpointName(name: string, { block, layers, others }: TensorNames): string {
  const { layer, module = '', kind } = partsOf(name) ?? {};
  const names = layer === undefined ? others : layers;
  const known = Object.hasOwn(names, module) ? names[module] : undefined;
  if (known === undefined) return name;
  return layer === undefined ? `${known}.${kind}` : `${block}.${layer}.${known}.${kind}`;
}
