// Describes one training step in plain arrays, so that any library can compute it: a model, its adapter and a batch.

import { randomNumbers } from '../../scripts/shared/random.mjs';
import { CASES } from '../workload/cases.mjs';
import { modelFiles } from '../workload/random_models.mjs';

/** @typedef {import('../workload/cases.mjs').OwnCaseName} CaseName */
/** @typedef {typeof import('../../src/index')} Library */
/** @typedef {{ shape: readonly number[], data: Float32Array<ArrayBuffer> }} Matrix */
/**
 * @typedef {import('../workload/random_models.mjs').Shape & { rms_norm_eps: number, rope_theta: number }} Config
 */
/**
 * @typedef {object} Batch
 * @property {number} B number of rows
 * @property {number} T number of tokens per row
 * @property {Int32Array<ArrayBuffer>} input_ids (B·T)
 * @property {Int32Array<ArrayBuffer>} targets (B·T): the label of each position, which is the next token; 0 if there is no label
 * @property {Float32Array<ArrayBuffer>} shares (B·T): weight of each position in the mean loss: 1 / the number of labels; 0 if the
 * position has no label
 */
/**
 * @typedef {object} Problem
 * @property {Config} config
 * @property {ReadonlyMap<string, Matrix>} weights the model's tensors, by their names in Llama's files
 * @property {{ A: Matrix, B: Matrix }} projections VeRA's shared matrices: A (r, the largest input) and B (the largest output, r)
 * @property {ReadonlyMap<string, { b: Float32Array<ArrayBuffer>, d: Float32Array<ArrayBuffer> }>} lambda VeRA's vectors, by module, such as
 * `layers.0.self_attn.q_proj`
 * @property {ReadonlyMap<string, { A: Matrix, B: Matrix }>} lora A (LORA_RANK, inputs) and B (outputs, LORA_RANK), by module
 * @property {Batch} batch
 * @property {Args} args
 * @property {ReadonlyMap<string, Blob>} files the model's files, for libraries that load files
 * @property {number} r
 * @property {readonly string[]} targets
 * @property {readonly number[][]} rows token ids of the batch
 */
/**
 * @typedef {object} Args arguments of AdamW without weight decay, at a constant learning rate
 * @property {number} learning_rate
 * @property {number} adam_beta1
 * @property {number} adam_beta2
 * @property {number} adam_epsilon
 * @property {number} max_grad_norm
 */
/**
 * A library's training step, which can be run any number of times.
 * @typedef {object} Stepper
 * @property {() => Promise<number>} step resolves with the loss before the update, when the update is complete
 * @property {() => Promise<void>} dispose
 * @property {GPUDevice} device the device on which the step runs
 */
/** @typedef {(problem: Problem) => Promise<Stepper>} CreateStep */

const PREFIX = 'base_model.model.model.';
/** The rank of LoRA and DoRA when kinds of adapters are compared. LoRA's scale is 1. */
export const LORA_RANK = 8;

/**
 * Makes the problem of one of the benchmark's cases. Reads the weights from the case's model files, and the adapters' tensors from the
 * files that the library writes.
 * @param {Library} library
 * @param {{ name: CaseName, r: number, learning_rate?: number, session: import('../../src/index').Session }} job
 * @returns {Promise<Problem>}
 */
export async function makeProblem(library, { name, r, learning_rate = 1e-3, session }) {
  const { shape, targets, length: T, batch: B } = CASES[name];
  const files = modelFiles(shape, T);
  const base = await library.AutoModelForCausalLM.from_pretrained({ files }, { session });
  const model = await library.get_peft_model(base, veraConfig(library, { r, targets }));
  const saved = await readSafetensors((await model.save_pretrained())['adapter_model.safetensors']);
  await model.unload();
  const lora = await library.get_peft_model(base, loraConfig(library, { targets }));
  const savedLora = await readSafetensors((await lora.save_pretrained())['adapter_model.safetensors']);
  await base.dispose();

  const weights = await readSafetensors(/** @type {Blob} */ (files.get('model.safetensors')));
  const { rms_norm_eps, rope_theta } = JSON.parse(await /** @type {Blob} */ (files.get('config.json')).text());
  const rows = randomRows(B, T, shape.vocab_size);
  return {
    config: { ...shape, rms_norm_eps, rope_theta },
    weights,
    projections: { A: named(saved, 'base_model.vera_A'), B: named(saved, 'base_model.vera_B') },
    lambda: lambdaOf(saved),
    lora: loraOf(savedLora),
    batch: makeBatch(rows, T),
    args: { learning_rate, adam_beta1: 0.9, adam_beta2: 0.999, adam_epsilon: 1e-8, max_grad_norm: 1 },
    files,
    r,
    targets,
    rows,
  };
}

/**
 * @param {readonly number[][]} rows token ids, which also serve as labels
 * @param {number} T
 * @returns {Batch}
 */
function makeBatch(rows, T) {
  const B = rows.length;
  const share = 1 / (B * (T - 1));
  return {
    B,
    T,
    input_ids: Int32Array.from(rows.flat()),
    targets: Int32Array.from(rows.flatMap((ids) => [...ids.slice(1), 0])),
    shares: Float32Array.from(rows.flatMap((ids) => ids.map((_, t) => (t < T - 1 ? share : 0)))),
  };
}

/** @param {ReadonlyMap<string, Matrix>} saved */
function lambdaOf(saved) {
  /** @type {Map<string, { b: Float32Array<ArrayBuffer>, d: Float32Array<ArrayBuffer> }>} */
  const lambda = new Map();
  for (const name of saved.keys()) {
    const module = /^base_model\.model\.model\.(.+)\.vera_lambda_b$/.exec(name)?.[1];
    if (module === undefined) continue;
    const { data: b } = named(saved, name);
    const { data: d } = named(saved, `${PREFIX}${module}.vera_lambda_d`);
    lambda.set(module, { b, d });
  }
  return lambda;
}

/**
 * @param {Library} library
 * @param {Pick<Problem, 'r' | 'targets'> & { use_dora?: boolean }} options
 */
export function veraConfig({ VeraConfig }, { r, targets, use_dora = false }) {
  // `use_dora` is set only if it is true, because another build of the library may not know it.
  return new VeraConfig({ r, target_modules: targets, ...(use_dora && { use_dora }), task_type: 'CAUSAL_LM' });
}

/**
 * @param {Library} library
 * @param {Pick<Problem, 'targets'> & { use_dora?: boolean }} options
 */
export function loraConfig({ LoraConfig }, { targets, use_dora = false }) {
  return new LoraConfig({
    r: LORA_RANK,
    lora_alpha: LORA_RANK,
    target_modules: targets,
    use_dora,
    task_type: 'CAUSAL_LM',
  });
}

/** @param {ReadonlyMap<string, Matrix>} saved */
function loraOf(saved) {
  /** @type {Map<string, { A: Matrix, B: Matrix }>} */
  const lora = new Map();
  for (const [name, A] of saved) {
    const module = /^base_model\.model\.model\.(.+)\.lora_A\.weight$/.exec(name)?.[1];
    if (module !== undefined) lora.set(module, { A, B: named(saved, `${PREFIX}${module}.lora_B.weight`) });
  }
  return lora;
}

/**
 * @template T
 * @param {ReadonlyMap<string, T>} map
 * @param {string} name
 * @returns {T}
 */
export function named(map, name) {
  const value = map.get(name);
  if (value === undefined) throw new Error(`expected ${name}, got ${[...map.keys()].join(', ')}`);
  return value;
}

/**
 * @param {Blob} file a safetensors file with f32 tensors only
 * @returns {Promise<Map<string, Matrix>>}
 */
async function readSafetensors(file) {
  const bytes = await file.arrayBuffer();
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  /** @type {Record<string, { shape: number[], data_offsets: [number, number] }>} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return new Map(
    tensors.map(([name, { shape, data_offsets }]) => {
      const [from, to] = data_offsets.map((offset) => 8 + length + offset);
      return [name, { shape, data: new Float32Array(bytes.slice(from, to)) }];
    }),
  );
}

/**
 * Returns random rows, equal to the first rows of the benchmark's training runs.
 * @param {number} count
 * @param {number} length
 * @param {number} vocabulary
 */
function randomRows(count, length, vocabulary) {
  const random = randomNumbers(2);
  return Array.from({ length: count }, () => Array.from({ length }, () => Math.floor(random() * vocabulary)));
}

/**
 * Returns Llama's tables for rotary embeddings: `cos` and `sin`, each (T, half), where `half` is half of a head's size.
 * @param {Config} config
 * @param {number} T
 */
export function rotaryTables({ hidden_size, num_attention_heads, rope_theta }, T) {
  const half = hidden_size / num_attention_heads / 2;
  const angles = Array.from({ length: T * half }, (_, i) => Math.floor(i / half) * rope_theta ** -((i % half) / half));
  return { half, cos: Float32Array.from(angles, Math.cos), sin: Float32Array.from(angles, Math.sin) };
}
