// Makes the files of models with random weights, which are the same at each call.
import { llamaTensors, optTensors } from '../../scripts/estimates/tensors.mjs';
import { randomNumbers } from '../../scripts/shared/random.mjs';

/** @typedef {import('../../scripts/estimates/tensors.mjs').Shape} Shape */
/** @typedef {import('../../scripts/estimates/tensors.mjs').TensorShapes} TensorShapes */
/** @typedef {'float32' | 'float16'} Dtype */

/**
 * Makes the files of a Llama with random weights.
 * @param {Shape} shape
 * @param {number} max_position_embeddings
 * @param {{ dtype?: Dtype, rope_theta?: number }} [options]
 * @returns {Map<string, Blob>}
 */
export function modelFiles(
  shape,
  max_position_embeddings,
  { dtype: torch_dtype = 'float32', rope_theta = 10_000 } = {},
) {
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 0,
    rms_norm_eps: 1e-5,
    rope_theta,
    torch_dtype,
    max_position_embeddings,
    ...shape,
  };
  return asFiles(config, llamaTensors(shape), torch_dtype);
}

/**
 * Makes the files of an OPT with random weights in half precision. `intermediate_size` is the width of its MLPs.
 * @param {Shape} shape
 * @param {number} max_position_embeddings
 * @returns {Map<string, Blob>}
 */
export function optFiles({ intermediate_size: ffn_dim, num_key_value_heads: _, ...shape }, max_position_embeddings) {
  const config = {
    architectures: ['OPTForCausalLM'],
    model_type: 'opt',
    activation_function: 'relu',
    do_layer_norm_before: true,
    word_embed_proj_dim: shape.hidden_size,
    torch_dtype: 'float16',
    ffn_dim,
    max_position_embeddings,
    ...shape,
  };
  return asFiles(config, optTensors(config), 'float16');
}

/**
 * @param {object} config
 * @param {TensorShapes} shapes
 * @param {Dtype} dtype
 * @returns {Map<string, Blob>}
 */
function asFiles(config, shapes, dtype) {
  return new Map([
    ['config.json', new Blob([JSON.stringify(config)])],
    ['model.safetensors', safetensors(shapes, dtype)],
  ]);
}

/** Random weights in half precision come from a stock of `PIECES` pieces, each with `PIECE` values. */
const PIECE = 2 ** 16;
const PIECES = 64;

/** Weights are uniform in an interval of this width around 0, so that their standard deviation is 0.02, as is usual. */
const WIDTH = 0.02 * Math.sqrt(12);

/**
 * Makes a safetensors file in which norms are 1, biases are 0, and all other tensors are random.
 * @param {TensorShapes} shapes
 * @param {Dtype} dtype
 * @returns {Blob}
 */
function safetensors(shapes, dtype) {
  const fill = dtype === 'float32' ? floats() : halves();
  /** @type {Record<string, { dtype: string, shape: readonly number[], data_offsets: [number, number] }>} */
  const header = {};
  /** @type {Blob[]} */
  const parts = [];
  let offset = 0;
  for (const [name, dims] of shapes) {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const data = name.endsWith('.bias')
      ? fill.same(size, 0)
      : name.includes('norm')
        ? fill.same(size, 1)
        : fill.random(size);
    header[name] = {
      dtype: dtype === 'float32' ? 'F32' : 'F16',
      shape: dims,
      data_offsets: [offset, offset + data.size],
    };
    offset += data.size;
    parts.push(data);
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = new BigUint64Array([BigInt(json.length)]);
  return new Blob([length, json, ...parts]);
}

function floats() {
  const random = randomNumbers(1);
  return {
    same: (/** @type {number} */ size, /** @type {0 | 1} */ value) => new Blob([new Float32Array(size).fill(value)]),
    random: (/** @type {number} */ size) => new Blob([new Float32Array(size).map(() => (random() - 0.5) * WIDTH)]),
  };
}

/**
 * Fills random tensors from one stock of four million values, so that half a billion weights need little memory. Each tensor starts at a
 * random piece of the stock. Browsers share whole pieces between blobs but copy parts of pieces, and may be unable to hold a gigabyte.
 */
function halves() {
  const random = randomNumbers(1);
  const below = (/** @type {number} */ end) => Math.floor(random() * end);
  const table = Uint16Array.from({ length: 4096 }, (_, index) => halfBits(((index + 0.5) / 4096 - 0.5) * WIDTH));
  const piece = () => new Blob([new Uint16Array(PIECE).map(() => table[below(table.length)] ?? 0)]);
  const stock = Array.from({ length: PIECES }, piece);
  return {
    same: (/** @type {number} */ size, /** @type {0 | 1} */ value) =>
      new Blob([new Uint16Array(size).fill(halfBits(value))]),
    random(/** @type {number} */ size) {
      const first = below(PIECES);
      const whole = Math.floor(size / PIECE);
      const at = (/** @type {number} */ index) => stock[(first + index) % PIECES] ?? new Blob();
      const parts = Array.from({ length: whole }, (_, index) => at(index));
      return new Blob([...parts, at(whole).slice(0, 2 * (size % PIECE))]);
    },
  };
}

/**
 * Returns the bits of the nearest float16. Numbers that are too small for a normal float16 become zero.
 * @param {number} value below 65,504
 */
function halfBits(value) {
  const [bits = 0] = new Uint32Array(new Float32Array([value]).buffer);
  const sign = (bits >>> 16) & 0x8000;
  // The exponent's bias is 15 instead of 127, and the fraction loses 13 bits.
  const magnitude = (bits & 0x7fffffff) - (112 << 23) + (1 << 12);
  return magnitude < 1 << 23 ? sign : sign | (magnitude >>> 13);
}
