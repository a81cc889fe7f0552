// Published models without their weights: the fields of config.json, and the names, data types and shapes of the tensors.

import { llamaTensors, optTensors } from './tensors.mjs';

/** @typedef {import('./tensors.mjs').Shape} Shape */
/**
 * @typedef {object} PublishedModel
 * @property {string} name
 * @property {Readonly<Record<string, unknown>>} config the fields of config.json that estimates depend on
 * @property {'F16' | 'BF16'} dtype of all tensors
 * @property {ReadonlyMap<string, readonly number[]>} tensors shapes by name
 */

/**
 * Returns a model that is built like Llama, with the tensors that follow from its configuration.
 * @param {string} name
 * @param {Shape & { head_dim?: number } & Record<string, unknown>} config
 * @param {Parameters<typeof llamaTensors>[1]} [own] further tensors of each layer, which Llama doesn't have
 * @returns {PublishedModel}
 */
function gatedDecoder(name, config, own) {
  const tensors = llamaTensors(config, own);
  return { name, dtype: 'BF16', config: { tie_word_embeddings: true, ...config }, tensors };
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

const OPT = {
  architectures: ['OPTForCausalLM'],
  model_type: 'opt',
  ffn_dim: 3072,
  hidden_size: 768,
  max_position_embeddings: 2048,
  num_attention_heads: 12,
  num_hidden_layers: 12,
  vocab_size: 50272,
};
/** @type {PublishedModel} its weights are published as a pytorch_model.bin of the same size */
const opt125m = { name: 'facebook/opt-125m', dtype: 'F16', config: OPT, tensors: optTensors(OPT) };

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
export function headerOf({ dtype, tensors }) {
  let end = 0;
  const fields = [...tensors].map(([name, shape]) => {
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
