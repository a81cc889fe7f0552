// The work that the benchmark measures, on models of two shapes with random weights. Runs in Node and in a page.

/** @typedef {'tiny' | 'small'} CaseName */
/** @typedef {'training' | 'adapters'} Part */
/**
 * @typedef {object} Shape
 * @property {number} hidden_size
 * @property {number} intermediate_size
 * @property {number} num_hidden_layers
 * @property {number} num_attention_heads
 * @property {number} num_key_value_heads
 * @property {number} vocab_size
 */
/**
 * @typedef {object} Case
 * @property {Shape} shape
 * @property {number} length tokens in a row
 * @property {number} batch rows in a step
 * @property {readonly number[]} ranks measured by default
 * @property {number} steps with the first one, which compiles
 */
/**
 * @typedef {object} Training
 * @property {number} r
 * @property {number} trainable values
 * @property {Readonly<Record<string, number>>} metrics of the training run, and `gpu_bytes_now`
 */
/** @typedef {typeof import('../../src/bench')} Bench */
/** @typedef {import('../../src/bench').GemmReport} GemmReport */
/** @typedef {import('../../src/bench').AdapterReport} AdapterReport */
/**
 * @typedef {object} Measurements
 * @property {readonly Training[]} trainings
 * @property {GemmReport | undefined} gemm what trainings are compared with
 * @property {readonly AdapterReport[]} adapters
 * @property {GemmReport['device']} device
 */
/** @typedef {typeof import('../../src/index')} Library */

/** @type {Readonly<Record<CaseName, Case>>} */
export const CASES = {
  tiny: {
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
  small: {
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
};

/** @type {readonly Part[]} */
export const PARTS = ['training', 'adapters'];

/** People with an adapter each. */
const PEOPLE = 8;

const TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/**
 * @param {Library} library
 * @param {Bench} bench
 * @param {object} job
 * @param {CaseName} job.name
 * @param {readonly number[]} job.ranks
 * @param {readonly Part[]} job.parts
 * @param {GPU} job.gpu
 * @param {import('../../src/index').SessionOptions} [job.session]
 * @param {(done: number, total: number, what: string) => void} [job.onStep]
 * @returns {Promise<Measurements>}
 */
export async function measureAll(library, bench, { name, ranks, parts, gpu, session, onStep }) {
  const { shape, length, batch } = CASES[name];
  /** @type {Training[]} */
  const trainings = [];
  /** @type {GemmReport | undefined} */
  let gemm;
  if (parts.includes('training')) {
    const opened = await library.Session.open(session);
    for (const r of ranks) {
      const onDone = (/** @type {number} */ done, /** @type {number} */ total) => onStep?.(done, total, `r ${r}`);
      trainings.push(await measureTraining(library, { name, r, session: opened, onStep: onDone }));
    }
    await opened.close();
    // Alone on the device, and on as warm a processor as the training.
    gemm = await bench.measureGemm(gpu, { shapes: products(CASES[name]) });
  }
  /** @type {AdapterReport[]} */
  const adapters = [];
  if (parts.includes('adapters')) {
    const files = modelFiles(shape, length);
    for (const r of ranks) {
      const report = await bench.measureAdapters(gpu, {
        files,
        r,
        target_modules: TARGETS,
        adapters: PEOPLE,
        // As many tokens as a training step has.
        tokens: (batch * length) / PEOPLE,
        onProgress: (done, total) => onStep?.(done, total, `r ${r}, ${PEOPLE} adapters`),
      });
      adapters.push(report);
    }
  }
  const device = gemm?.device ?? adapters[0]?.device;
  if (device === undefined) throw new Error('nothing was measured');
  return { trainings, gemm, adapters, device };
}

/**
 * Products to compare a step with: two of common sizes, and the case's own largest, its logits.
 * @param {Case} measured
 * @returns {import('../../src/bench').GemmShape[]}
 */
function products({ shape: { hidden_size, vocab_size }, length, batch }) {
  return [
    { rows: 256, columns: 896, inner: 896 },
    { rows: 512, columns: 512, inner: 512 },
    { rows: batch * length, columns: vocab_size, inner: hidden_size },
  ];
}

/**
 * Trains a fresh adapter on a fresh model and tells what it took.
 * @param {Library} library
 * @param {{ name: CaseName, r: number, session: import('../../src/index').Session, onStep: (done: number, total: number) => void }} run
 * @returns {Promise<Training>}
 */
async function measureTraining(
  { AutoModelForCausalLM, get_peft_model, Trainer, VeraConfig },
  { name, r, session, onStep },
) {
  const { shape, length, batch, steps } = CASES[name];
  const base = await AutoModelForCausalLM.from_pretrained({ files: modelFiles(shape, length) }, { session });
  const model = await get_peft_model(base, new VeraConfig({ r, target_modules: TARGETS, task_type: 'CAUSAL_LM' }));
  const random = randomNumbers(2);
  const row = () => ({ input_ids: Array.from({ length }, () => Math.floor(random() * shape.vocab_size)) });
  const args = {
    max_steps: steps,
    per_device_train_batch_size: batch,
    max_length: length,
    learning_rate: 1e-3,
    seed: 1,
  };
  const run = new Trainer({ model, args, train_dataset: Array.from({ length: batch * 4 }, row) }).train();
  for await (const event of run) if (event.type === 'log') onStep(event.logs.step, steps);
  const { metrics } = await run;
  const { gpu_bytes } = await model.memory();
  const { trainable } = model.get_nb_trainable_parameters();
  await base.dispose();
  return { r, trainable, metrics: { ...metrics, gpu_bytes_now: gpu_bytes } };
}

/**
 * A model's files, the same at every call.
 * @param {Shape} shape
 * @param {number} max_position_embeddings
 * @returns {Map<string, Blob>}
 */
export function modelFiles(shape, max_position_embeddings) {
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 0,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    torch_dtype: 'float32',
    max_position_embeddings,
    ...shape,
  };
  return new Map([
    ['config.json', new Blob([JSON.stringify(config)])],
    ['model.safetensors', safetensors(tensorShapes(shape))],
  ]);
}

/**
 * @param {Shape} shape
 * @returns {Map<string, readonly number[]>} dims by tensor name
 */
function tensorShapes(shape) {
  const { hidden_size: hidden, intermediate_size: ffn, vocab_size, num_attention_heads, num_key_value_heads } = shape;
  const kv = (hidden / num_attention_heads) * num_key_value_heads;
  const shapes = new Map([['model.embed_tokens.weight', [vocab_size, hidden]]]);
  for (let layer = 0; layer < shape.num_hidden_layers; layer++) {
    const at = (/** @type {string} */ name, /** @type {number[]} */ ...dims) =>
      shapes.set(`model.layers.${layer}.${name}.weight`, dims);
    at('input_layernorm', hidden);
    at('self_attn.q_proj', hidden, hidden);
    at('self_attn.k_proj', kv, hidden);
    at('self_attn.v_proj', kv, hidden);
    at('self_attn.o_proj', hidden, hidden);
    at('post_attention_layernorm', hidden);
    at('mlp.gate_proj', ffn, hidden);
    at('mlp.up_proj', ffn, hidden);
    at('mlp.down_proj', hidden, ffn);
  }
  return shapes.set('model.norm.weight', [hidden]);
}

/**
 * Norms of one; everything else uniform with the usual deviation of 0.02.
 * @param {Map<string, readonly number[]>} shapes
 * @returns {Blob}
 */
function safetensors(shapes) {
  const random = randomNumbers(1);
  /** @type {Record<string, { dtype: string, shape: readonly number[], data_offsets: [number, number] }>} */
  const header = {};
  /** @type {Float32Array<ArrayBuffer>[]} */
  const parts = [];
  let offset = 0;
  for (const [name, dims] of shapes) {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const data = name.includes('norm')
      ? new Float32Array(size).fill(1)
      : new Float32Array(size).map(() => (random() - 0.5) * 0.02 * Math.sqrt(12));
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
    parts.push(data);
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = new BigUint64Array([BigInt(json.length)]);
  return new Blob([length, json, ...parts]);
}

/**
 * Numbers from 0 to below 1 by Marsaglia's xorshift, the same for the same seed.
 * @param {number} seed not 0
 * @returns {() => number}
 */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}
