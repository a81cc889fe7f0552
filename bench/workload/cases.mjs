// The cases that the benchmark measures: models, batches and ranks.
import { modelFiles, optFiles } from './random_models.mjs';

/** @typedef {import('./random_models.mjs').Shape} Shape */
/** @typedef {'training' | 'generation' | 'adapters' | 'modes' | 'preferences' | 'kernels' | 'counts'} Part */
/** @typedef {keyof typeof CASES} OwnCaseName */
/** @typedef {keyof typeof ALL_CASES} CaseName */
/** @typedef {() => Promise<ReadonlyMap<string, Blob>>} ReadBundled reads the files of the demo's model */
/**
 * @typedef {object} Case
 * @property {string} label
 * @property {Shape} shape
 * @property {number} length tokens in a row
 * @property {number} batch rows in a step
 * @property {readonly number[]} ranks measured by default
 * @property {number} steps of a training run. The first step compiles kernels
 * @property {number} rounds in which kernels are measured
 * @property {readonly Part[]} parts measured by default
 * @property {readonly string[]} targets the modules with an adapter
 * @property {number} [longest] maximum number of tokens in a row, for a model with a fixed limit
 * @property {(length: number, bundled: ReadBundled) => Promise<ReadonlyMap<string, Blob>>} files
 */

/**
 * The parts that `--only` can choose. `--peak` chooses `counts`.
 * @type {readonly Part[]}
 */
export const PARTS = ['training', 'generation', 'adapters', 'modes', 'preferences', 'kernels'];

const LLAMA_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
const OPT_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'out_proj', 'fc1', 'fc2'];

/**
 * Returns a case of a Llama with random weights in single precision.
 * @param {Pick<Case, 'shape' | 'length' | 'batch' | 'ranks' | 'steps'>} sizes
 * @param {string} label
 * @returns {Case}
 */
function ownCase(sizes, label) {
  return {
    ...sizes,
    label,
    rounds: 5,
    parts: ['training', 'generation', 'adapters'],
    targets: LLAMA_TARGETS,
    files: async (length) => modelFiles(sizes.shape, length),
  };
}

/**
 * Returns a case with the shape of a published model and random weights in half precision. Its steps take long, so few are measured.
 * @param {Pick<Case, 'label' | 'shape' | 'targets'> & { files: (length: number) => Map<string, Blob> }} model
 * @returns {Case}
 */
function knownShape({ files, ...model }) {
  return {
    ...model,
    length: 64,
    batch: 1,
    ranks: [256],
    steps: 4,
    rounds: 3,
    parts: ['training'],
    files: async (length) => files(Math.max(2048, length)),
  };
}

/** Small cases, which any machine can measure. */
export const CASES = {
  tiny: ownCase(
    {
      shape: {
        hidden_size: 64,
        intermediate_size: 172,
        num_hidden_layers: 5,
        num_attention_heads: 8,
        num_key_value_heads: 4,
        vocab_size: 512,
      },
      length: 256,
      batch: 4,
      ranks: [64],
      steps: 21,
    },
    'a tiny Llama',
  ),
  small: ownCase(
    {
      shape: {
        hidden_size: 288,
        intermediate_size: 768,
        num_hidden_layers: 6,
        num_attention_heads: 6,
        num_key_value_heads: 6,
        vocab_size: 32_000,
      },
      length: 256,
      batch: 1,
      ranks: [64, 256],
      steps: 8,
    },
    'a small Llama',
  ),
};

/** @type {Shape} */
const OPT_125M = {
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  num_key_value_heads: 12,
  vocab_size: 50_272,
};

/** @type {Shape} */
const SMOLLM2_135M = {
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  vocab_size: 49_152,
};

/** @type {Shape} */
const QWEN25_HALF_B = {
  hidden_size: 896,
  intermediate_size: 4864,
  num_hidden_layers: 24,
  num_attention_heads: 14,
  num_key_value_heads: 2,
  vocab_size: 151_936,
};

export const ALL_CASES = {
  ...CASES,
  bundled: /** @satisfies {Case} */ ({
    label: 'prose-1.4M, which comes with the demo',
    shape: {
      hidden_size: 128,
      intermediate_size: 352,
      num_hidden_layers: 6,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      vocab_size: 2048,
    },
    // The demo's default settings.
    length: 128,
    batch: 2,
    ranks: [64],
    steps: 21,
    rounds: 5,
    parts: /** @type {readonly Part[]} */ (['training', 'generation', 'adapters']),
    targets: LLAMA_TARGETS,
    longest: 512,
    files: (/** @type {number} */ _, /** @type {ReadBundled} */ bundled) => bundled(),
  }),
  'opt-125m': knownShape({
    label: 'OPT-125M’s shape, random weights',
    shape: OPT_125M,
    targets: OPT_TARGETS,
    files: (length) => optFiles(OPT_125M, length),
  }),
  'smollm2-135m': knownShape({
    label: 'SmolLM2-135M’s shape, random weights',
    shape: SMOLLM2_135M,
    targets: LLAMA_TARGETS,
    files: (length) => modelFiles(SMOLLM2_135M, length, { dtype: 'float16', rope_theta: 100_000 }),
  }),
  'qwen2.5-0.5b': knownShape({
    label: 'Qwen2.5-0.5B’s shape as a Llama, without its biases on q, k and v; random weights',
    shape: QWEN25_HALF_B,
    targets: LLAMA_TARGETS,
    files: (length) => modelFiles(QWEN25_HALF_B, length, { dtype: 'float16', rope_theta: 1_000_000 }),
  }),
};

export const CASE_NAMES = /** @type {CaseName[]} */ (Object.keys(ALL_CASES));
