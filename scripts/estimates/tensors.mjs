// The names and shapes of the tensors of models that are built like Llama, and of OPT.

/**
 * @typedef {object} Shape
 * @property {number} hidden_size
 * @property {number} intermediate_size
 * @property {number} num_hidden_layers
 * @property {number} num_attention_heads
 * @property {number} num_key_value_heads
 * @property {number} vocab_size
 */
/** @typedef {Map<string, readonly number[]>} TensorShapes dims by tensor name */

/**
 * Returns the tensors of a model that is built like Llama.
 * @param {Shape & { head_dim?: number }} shape
 * @param {Readonly<Record<string, readonly number[]>>} [own] dims of further tensors of each layer, which Llama doesn't have
 * @returns {TensorShapes}
 */
export function llamaTensors(shape, own = {}) {
  const { hidden_size: hidden, intermediate_size: ffn, vocab_size, num_attention_heads: heads } = shape;
  const { num_key_value_heads, head_dim = hidden / heads } = shape;
  const [queries, keys] = [heads * head_dim, num_key_value_heads * head_dim];
  /** @type {TensorShapes} */
  const shapes = new Map([['model.embed_tokens.weight', [vocab_size, hidden]]]);
  for (let layer = 0; layer < shape.num_hidden_layers; layer++) {
    const at = (/** @type {string} */ name, /** @type {number[]} */ ...dims) =>
      shapes.set(`model.layers.${layer}.${name}.weight`, dims);
    at('input_layernorm', hidden);
    at('self_attn.q_proj', queries, hidden);
    at('self_attn.k_proj', keys, hidden);
    at('self_attn.v_proj', keys, hidden);
    at('self_attn.o_proj', hidden, queries);
    at('post_attention_layernorm', hidden);
    at('mlp.gate_proj', ffn, hidden);
    at('mlp.up_proj', ffn, hidden);
    at('mlp.down_proj', hidden, ffn);
    for (const [name, dims] of Object.entries(own)) shapes.set(`model.layers.${layer}.${name}`, dims);
  }
  return shapes.set('model.norm.weight', [hidden]);
}

/**
 * Returns the tensors of an OPT.
 * @param {{ hidden_size: number, ffn_dim: number, num_hidden_layers: number, vocab_size: number, max_position_embeddings: number }} config
 * @returns {TensorShapes}
 */
export function optTensors({ hidden_size: hidden, ffn_dim: ffn, vocab_size, ...config }) {
  /** @type {TensorShapes} */
  const shapes = new Map();
  const at = (/** @type {string} */ name, /** @type {readonly number[]} */ dims) =>
    shapes.set(`model.decoder.${name}`, dims);
  const both = (/** @type {string} */ name, /** @type {readonly number[]} */ dims) => {
    at(`${name}.weight`, dims);
    at(`${name}.bias`, dims.slice(0, 1));
  };
  at('embed_tokens.weight', [vocab_size, hidden]);
  // OPT stores two rows more than it has positions.
  at('embed_positions.weight', [config.max_position_embeddings + 2, hidden]);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const of = `layers.${layer}`;
    both(`${of}.self_attn_layer_norm`, [hidden]);
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) both(`${of}.self_attn.${name}`, [hidden, hidden]);
    both(`${of}.final_layer_norm`, [hidden]);
    both(`${of}.fc1`, [ffn, hidden]);
    both(`${of}.fc2`, [hidden, ffn]);
  }
  both('final_layer_norm', [hidden]);
  return shapes;
}
