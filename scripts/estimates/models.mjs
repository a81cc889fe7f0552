// The beginnings of published models' files: their config.json, and the names, types and shapes of their tensors, without weights.

/**
 * @typedef {object} PublishedModel
 * @property {string} name
 * @property {Readonly<Record<string, unknown>>} config the fields of config.json that estimates depend on
 * @property {'F16' | 'BF16'} dtype of all tensors
 * @property {Readonly<Record<string, readonly number[]>>} tensors by name; `#` stands for the number of each layer
 */

/** @param {number} out @param {number} into @returns {[number, number]} */
const linear = (out, into) => [out, into];

/**
 * Tensors of the layers of Llama and its successors.
 * @param {{ hidden: number, inner: number, queries: number, keys: number, vocabulary: number }} sizes
 */
function gatedDecoder({ hidden, inner, queries, keys, vocabulary }) {
  return {
    'model.embed_tokens.weight': [vocabulary, hidden],
    'model.layers.#.input_layernorm.weight': [hidden],
    'model.layers.#.self_attn.q_proj.weight': linear(queries, hidden),
    'model.layers.#.self_attn.k_proj.weight': linear(keys, hidden),
    'model.layers.#.self_attn.v_proj.weight': linear(keys, hidden),
    'model.layers.#.self_attn.o_proj.weight': linear(hidden, queries),
    'model.layers.#.post_attention_layernorm.weight': [hidden],
    'model.layers.#.mlp.gate_proj.weight': linear(inner, hidden),
    'model.layers.#.mlp.up_proj.weight': linear(inner, hidden),
    'model.layers.#.mlp.down_proj.weight': linear(hidden, inner),
    'model.norm.weight': [hidden],
  };
}

/** @param {string} name @param {{ hidden: number, inner: number, layers: number, heads: number, keyHeads: number }} sizes @returns {PublishedModel} */
function smolLm2(name, { hidden, inner, layers, heads, keyHeads }) {
  return {
    name,
    dtype: 'BF16',
    config: {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      attention_bias: false,
      bos_token_id: 0,
      eos_token_id: 0,
      hidden_act: 'silu',
      hidden_size: hidden,
      intermediate_size: inner,
      max_position_embeddings: 8192,
      num_attention_heads: heads,
      num_hidden_layers: layers,
      num_key_value_heads: keyHeads,
      rms_norm_eps: 1e-5,
      rope_scaling: null,
      rope_theta: 100000,
      tie_word_embeddings: true,
      vocab_size: 49152,
    },
    tensors: gatedDecoder({ hidden, inner, queries: hidden, keys: (hidden / heads) * keyHeads, vocabulary: 49152 }),
  };
}

/** @type {PublishedModel} its weights are published as a pytorch_model.bin of as many bytes */
const opt125m = {
  name: 'facebook/opt-125m',
  dtype: 'F16',
  config: {
    architectures: ['OPTForCausalLM'],
    model_type: 'opt',
    activation_function: 'relu',
    bos_token_id: 2,
    do_layer_norm_before: true,
    eos_token_id: 2,
    ffn_dim: 3072,
    hidden_size: 768,
    max_position_embeddings: 2048,
    num_attention_heads: 12,
    num_hidden_layers: 12,
    pad_token_id: 1,
    vocab_size: 50272,
    word_embed_proj_dim: 768,
  },
  tensors: {
    'model.decoder.embed_tokens.weight': [50272, 768],
    'model.decoder.embed_positions.weight': [2050, 768],
    'model.decoder.final_layer_norm.weight': [768],
    'model.decoder.final_layer_norm.bias': [768],
    ...Object.fromEntries(
      ['k_proj', 'v_proj', 'q_proj', 'out_proj'].flatMap((part) => [
        [`model.decoder.layers.#.self_attn.${part}.weight`, linear(768, 768)],
        [`model.decoder.layers.#.self_attn.${part}.bias`, [768]],
      ]),
    ),
    'model.decoder.layers.#.self_attn_layer_norm.weight': [768],
    'model.decoder.layers.#.self_attn_layer_norm.bias': [768],
    'model.decoder.layers.#.fc1.weight': linear(3072, 768),
    'model.decoder.layers.#.fc1.bias': [3072],
    'model.decoder.layers.#.fc2.weight': linear(768, 3072),
    'model.decoder.layers.#.fc2.bias': [768],
    'model.decoder.layers.#.final_layer_norm.weight': [768],
    'model.decoder.layers.#.final_layer_norm.bias': [768],
  },
};

/** @type {PublishedModel} */
const qwen25 = {
  name: 'Qwen/Qwen2.5-0.5B',
  dtype: 'BF16',
  config: {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    bos_token_id: 151643,
    eos_token_id: 151643,
    hidden_act: 'silu',
    hidden_size: 896,
    intermediate_size: 4864,
    max_position_embeddings: 32768,
    max_window_layers: 24,
    num_attention_heads: 14,
    num_hidden_layers: 24,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000,
    sliding_window: 32768,
    tie_word_embeddings: true,
    use_sliding_window: false,
    vocab_size: 151936,
  },
  tensors: {
    ...gatedDecoder({ hidden: 896, inner: 4864, queries: 896, keys: 128, vocabulary: 151936 }),
    'model.layers.#.self_attn.q_proj.bias': [896],
    'model.layers.#.self_attn.k_proj.bias': [128],
    'model.layers.#.self_attn.v_proj.bias': [128],
  },
};

/** @type {PublishedModel} */
const gemma3 = {
  name: 'google/gemma-3-270m',
  dtype: 'BF16',
  config: {
    architectures: ['Gemma3ForCausalLM'],
    model_type: 'gemma3_text',
    attention_bias: false,
    bos_token_id: 2,
    eos_token_id: 1,
    head_dim: 256,
    hidden_activation: 'gelu_pytorch_tanh',
    hidden_size: 640,
    intermediate_size: 2048,
    layer_types: Array.from({ length: 18 }, (_, layer) => (layer % 6 === 5 ? 'full_attention' : 'sliding_attention')),
    max_position_embeddings: 32768,
    num_attention_heads: 4,
    num_hidden_layers: 18,
    num_key_value_heads: 1,
    pad_token_id: 0,
    query_pre_attn_scalar: 256,
    rms_norm_eps: 1e-6,
    rope_local_base_freq: 10000,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: 512,
    vocab_size: 262144,
  },
  tensors: {
    ...gatedDecoder({ hidden: 640, inner: 2048, queries: 1024, keys: 256, vocabulary: 262144 }),
    'model.layers.#.self_attn.q_norm.weight': [256],
    'model.layers.#.self_attn.k_norm.weight': [256],
    'model.layers.#.pre_feedforward_layernorm.weight': [640],
    'model.layers.#.post_feedforward_layernorm.weight': [640],
  },
};

/** @type {PublishedModel} */
const llama32 = {
  name: 'meta-llama/Llama-3.2-1B',
  dtype: 'BF16',
  config: {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    attention_bias: false,
    bos_token_id: 128000,
    eos_token_id: 128001,
    head_dim: 64,
    hidden_act: 'silu',
    hidden_size: 2048,
    intermediate_size: 8192,
    max_position_embeddings: 131072,
    mlp_bias: false,
    num_attention_heads: 32,
    num_hidden_layers: 16,
    num_key_value_heads: 8,
    rms_norm_eps: 1e-5,
    rope_scaling: {
      factor: 32,
      high_freq_factor: 4,
      low_freq_factor: 1,
      original_max_position_embeddings: 8192,
      rope_type: 'llama3',
    },
    rope_theta: 500000,
    tie_word_embeddings: true,
    vocab_size: 128256,
  },
  tensors: gatedDecoder({ hidden: 2048, inner: 8192, queries: 2048, keys: 512, vocabulary: 128256 }),
};

/** The smallest first. */
export const MODELS = [
  opt125m,
  smolLm2('HuggingFaceTB/SmolLM2-135M', { hidden: 576, inner: 1536, layers: 30, heads: 9, keyHeads: 3 }),
  gemma3,
  smolLm2('HuggingFaceTB/SmolLM2-360M', { hidden: 960, inner: 2560, layers: 32, heads: 15, keyHeads: 5 }),
  qwen25,
  llama32,
];

/**
 * The header of the model's model.safetensors, and the size of the whole file.
 * @param {PublishedModel} model
 */
export function headerOf({ config, dtype, tensors }) {
  const layers = Number(config.num_hidden_layers);
  const entries = Object.entries(tensors).flatMap(([name, shape]) =>
    name.includes('#')
      ? Array.from({ length: layers }, (_, layer) => ({ name: name.replace('#', `${layer}`), shape }))
      : [{ name, shape }],
  );
  let end = 0;
  const fields = entries.map(({ name, shape }) => {
    const begin = end;
    end += shape.reduce((product, size) => product * size, 2);
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.length), true);
  header.set(text, 8);
  return { header, size: header.length + end };
}
