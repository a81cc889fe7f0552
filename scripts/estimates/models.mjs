// Published models without their weights: the fields of config.json, and the names, data types and shapes of the tensors.

/**
 * @typedef {object} PublishedModel
 * @property {string} name
 * @property {Readonly<Record<string, unknown>>} config the fields of config.json that estimates depend on
 * @property {'F16' | 'BF16'} dtype of all tensors
 * @property {Readonly<Record<string, readonly number[]>>} tensors shapes by name; `#` in a name stands for the number of each layer
 */
/**
 * Sizes of a model that is built like Llama, named as in config.json.
 * @typedef {{ hidden_size: number, intermediate_size: number, num_attention_heads: number, num_key_value_heads: number, head_dim?: number, vocab_size: number }} Sizes
 */

/**
 * Returns a model that is built like Llama, with the tensors that follow from its configuration. `own`: further tensors of each layer,
 * which Llama doesn't have.
 * @param {string} name
 * @param {Sizes & Record<string, unknown>} config
 * @param {Readonly<Record<string, readonly number[]>>} [own]
 * @returns {PublishedModel}
 */
function gatedDecoder(name, config, own = {}) {
  const { hidden_size: hidden, intermediate_size: inner, num_attention_heads: heads, vocab_size } = config;
  const { head_dim = hidden / heads } = config;
  const [queries, keys] = [heads * head_dim, config.num_key_value_heads * head_dim];
  const layer = {
    'input_layernorm.weight': [hidden],
    'self_attn.q_proj.weight': [queries, hidden],
    'self_attn.k_proj.weight': [keys, hidden],
    'self_attn.v_proj.weight': [keys, hidden],
    'self_attn.o_proj.weight': [hidden, queries],
    'post_attention_layernorm.weight': [hidden],
    'mlp.gate_proj.weight': [inner, hidden],
    'mlp.up_proj.weight': [inner, hidden],
    'mlp.down_proj.weight': [hidden, inner],
    ...own,
  };
  return {
    name,
    dtype: 'BF16',
    config: { tie_word_embeddings: true, ...config },
    tensors: {
      'model.embed_tokens.weight': [vocab_size, hidden],
      ...inLayers('model', layer),
      'model.norm.weight': [hidden],
    },
  };
}

/**
 * Returns the shapes of each layer's tensors, by their full names.
 * @param {string} block
 * @param {Readonly<Record<string, readonly number[]>>} tensors
 */
function inLayers(block, tensors) {
  return Object.fromEntries(Object.entries(tensors).map(([name, shape]) => [`${block}.layers.#.${name}`, shape]));
}

/**
 * @param {string} name
 * @param {readonly [hidden: number, inner: number, layers: number, heads: number, keyHeads: number]} sizes
 */
function smolLm2(name, [hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads]) {
  return gatedDecoder(name, {
    ...{ hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads },
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: 100000,
    vocab_size: 49152,
  });
}

/** @type {PublishedModel} its weights are published as a pytorch_model.bin of the same size */
const opt125m = {
  name: 'facebook/opt-125m',
  dtype: 'F16',
  config: {
    architectures: ['OPTForCausalLM'],
    model_type: 'opt',
    ffn_dim: 3072,
    hidden_size: 768,
    max_position_embeddings: 2048,
    num_attention_heads: 12,
    num_hidden_layers: 12,
    vocab_size: 50272,
  },
  tensors: {
    'model.decoder.embed_tokens.weight': [50272, 768],
    'model.decoder.embed_positions.weight': [2050, 768],
    'model.decoder.final_layer_norm.weight': [768],
    'model.decoder.final_layer_norm.bias': [768],
    ...inLayers('model.decoder', {
      ...Object.fromEntries(
        ['k_proj', 'v_proj', 'q_proj', 'out_proj'].flatMap((part) => [
          [`self_attn.${part}.weight`, [768, 768]],
          [`self_attn.${part}.bias`, [768]],
        ]),
      ),
      'self_attn_layer_norm.weight': [768],
      'self_attn_layer_norm.bias': [768],
      'fc1.weight': [3072, 768],
      'fc1.bias': [3072],
      'fc2.weight': [768, 3072],
      'fc2.bias': [768],
      'final_layer_norm.weight': [768],
      'final_layer_norm.bias': [768],
    }),
  },
};

const qwen25 = gatedDecoder(
  'Qwen/Qwen2.5-0.5B',
  {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    hidden_size: 896,
    intermediate_size: 4864,
    max_position_embeddings: 32768,
    num_attention_heads: 14,
    num_hidden_layers: 24,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000,
    vocab_size: 151936,
  },
  { 'self_attn.q_proj.bias': [896], 'self_attn.k_proj.bias': [128], 'self_attn.v_proj.bias': [128] },
);

const gemma3 = gatedDecoder(
  'google/gemma-3-270m',
  {
    architectures: ['Gemma3ForCausalLM'],
    model_type: 'gemma3_text',
    head_dim: 256,
    hidden_size: 640,
    intermediate_size: 2048,
    max_position_embeddings: 32768,
    num_attention_heads: 4,
    num_hidden_layers: 18,
    num_key_value_heads: 1,
    rope_theta: 1000000,
    sliding_window: 512,
    vocab_size: 262144,
  },
  {
    'self_attn.q_norm.weight': [256],
    'self_attn.k_norm.weight': [256],
    'pre_feedforward_layernorm.weight': [640],
    'post_feedforward_layernorm.weight': [640],
  },
);

const llama32 = gatedDecoder('meta-llama/Llama-3.2-1B', {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 2048,
  intermediate_size: 8192,
  max_position_embeddings: 131072,
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
  vocab_size: 128256,
});

/** The published models, the smallest first. */
export const MODELS = [
  opt125m,
  smolLm2('HuggingFaceTB/SmolLM2-135M', [576, 1536, 30, 9, 3]),
  gemma3,
  smolLm2('HuggingFaceTB/SmolLM2-360M', [960, 2560, 32, 15, 5]),
  qwen25,
  llama32,
];

/** Returns the header of a model's model.safetensors, and the size of the whole file in bytes. @param {PublishedModel} model */
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
