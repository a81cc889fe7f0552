// Computes the training step of problem.mjs in jax-js: one jitted function returns the new values of the trained arrays and of AdamW's
// moments.
// jax-js frees an array when it is passed to a function, unless `.ref` is passed instead.
import * as jax from '@jax-js/jax';
import { rotaryTables } from './problem.mjs';

const { lax, nn, numpy: np, tree } = jax;

/** @typedef {jax.Array} JaxArray */
/** @typedef {Record<string, JaxArray>} Arrays */
/** @typedef {Record<string, Arrays>} Trained the trained arrays, by module */
/** @typedef {(name: string) => JaxArray} Lookup */
/**
 * @typedef {object} JaxAdapter
 * @property {(problem: Problem) => ReadonlyMap<string, Record<string, Matrix>>} initial returns the trained arrays' first values, by module
 * @property {(x: JaxArray, fixed: Lookup) => JaxArray} down computes u, the input of `up`, once for all modules with the same input x
 * @property {(u: JaxArray, trained: Lookup, fixed: Lookup, outputs: number) => JaxArray} up computes the change of a module's output from u
 */
/** @typedef {import('./problem.mjs').Problem} Problem */
/** @typedef {import('./problem.mjs').Matrix} Matrix */

/** VeRA changes a module's output by λ_b ⊙ B(λ_d ⊙ A·x). @type {JaxAdapter} */
const VERA = {
  initial: ({ lambda }) => new Map([...lambda].map(([name, { b, d }]) => [name, { b: vectorOf(b), d: vectorOf(d) }])),
  down: (x, fixed) => timesTransposed(x, fixed('A').slice([], [0, x.shape[1] ?? 0])),
  up: (u, trained, fixed, outputs) =>
    timesTransposed(u.mul(trained('d')), fixed('B').slice([0, outputs])).mul(trained('b')),
};

/** LoRA changes a module's output by B·A·x, with a scale of 1. @type {JaxAdapter} */
const LORA = {
  initial: ({ lora }) => lora,
  down: (x) => x,
  up: (x, trained) => timesTransposed(timesTransposed(x, trained('A')), trained('B')),
};

/** @param {Float32Array<ArrayBuffer>} data */
function vectorOf(data) {
  return { shape: [data.length], data };
}

/** @type {import('./problem.mjs').CreateStep} */
export const createStep = (problem) => createStepOf(VERA, problem);

/** @type {import('./problem.mjs').CreateStep} */
export const createLoraStep = (problem) => createStepOf(LORA, problem);

/**
 * @param {JaxAdapter} adapter
 * @param {Problem} problem
 * @returns {Promise<import('./problem.mjs').Stepper>}
 */
async function createStepOf(adapter, problem) {
  const { config, weights, projections, batch, args } = problem;
  const devices = await jax.init('webgpu');
  if (!devices.includes('webgpu')) throw new Error('jax-js found no WebGPU');
  jax.defaultDevice('webgpu');

  const { half, cos, sin } = rotaryTables(config, batch.T);
  const array = (
    /** @type {Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>} */ data,
    /** @type {readonly number[]} */ shape,
  ) => np.array(data, { shape: [...shape] });
  /** @type {Arrays} */
  const frozen = {
    ...Object.fromEntries([...weights].map(([name, { data, shape }]) => [name, array(data, shape)])),
    A: array(projections.A.data, projections.A.shape),
    B: array(projections.B.data, projections.B.shape),
    cos: array(cos, [1, batch.T, 1, half]),
    sin: array(sin, [1, batch.T, 1, half]),
  };
  /** @type {Arrays} */
  const data = {
    input_ids: array(batch.input_ids, [batch.B * batch.T]),
    targets: array(batch.targets, [batch.B * batch.T, 1]),
    shares: array(batch.shares, [batch.B * batch.T]),
  };
  const arrays = (/** @type {Record<string, Matrix>} */ matrices) =>
    Object.fromEntries(Object.entries(matrices).map(([name, { data, shape }]) => [name, array(data, shape)]));
  /** @type {Trained} */
  let vectors = Object.fromEntries([...adapter.initial(problem)].map(([name, own]) => [name, arrays(own)]));
  let m = zerosLike(vectors);
  let v = zerosLike(vectors);

  const update = jax.jit(trainingStep(adapter, problem));
  let taken = 0;
  return {
    async step() {
      taken += 1;
      const corrections = np.array([1 - args.adam_beta1 ** taken, 1 - args.adam_beta2 ** taken]);
      const outcome = /** @type {[JaxArray, Trained, Trained, Trained]} */ (
        update(vectors, m, v, corrections, tree.ref(frozen), tree.ref(data))
      );
      [, vectors, m, v] = outcome;
      const [loss] = await outcome[0].data();
      return Number(loss);
    },
    async dispose() {
      tree.dispose([vectors, m, v, frozen, data]);
      update.dispose();
    },
    device: jax.getWebGPUDevice(),
  };
}

/**
 * @param {Trained} trained
 * @returns {Trained}
 */
function zerosLike(trained) {
  const zeros = (/** @type {Arrays} */ own) =>
    Object.fromEntries(Object.entries(own).map(([name, { shape }]) => [name, np.zeros(shape)]));
  return Object.fromEntries(Object.entries(trained).map(([name, own]) => [name, zeros(own)]));
}

/**
 * @param {JaxAdapter} adapter
 * @param {Problem} problem
 */
function trainingStep(adapter, { config, batch, args }) {
  const { learning_rate, adam_beta1, adam_beta2, adam_epsilon, max_grad_norm } = args;
  const lossAndGradients = jax.valueAndGrad(meanLoss(adapter, config, batch));

  return (
    /** @type {Trained} */ vectors,
    /** @type {Trained} */ m,
    /** @type {Trained} */ v,
    /** @type {JaxArray} (2) */ corrections,
    /** @type {Arrays} */ frozen,
    /** @type {Arrays} */ data,
  ) => {
    const [loss, gradients] = /** @type {[JaxArray, Trained]} */ (lossAndGradients(tree.ref(vectors), frozen, data));
    const squares = tree.leaves(tree.ref(gradients)).map((g) => np.sum(np.square(/** @type {JaxArray} */ (g))));
    const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
    const scale = np.minimum(np.reciprocal(norm.add(1e-6)).mul(max_grad_norm), 1);
    const [correction1, correction2] = np.split(corrections, 2);
    if (correction1 === undefined || correction2 === undefined) throw new Error('unreachable');

    const clipped = mapArrays((g) => g.mul(scale.ref), gradients);
    scale.dispose();
    const newM = mapArrays((old, g) => old.mul(adam_beta1).add(g.mul(1 - adam_beta1)), m, tree.ref(clipped));
    const newV = mapArrays((old, g) => old.mul(adam_beta2).add(np.square(g).mul(1 - adam_beta2)), v, clipped);
    const newVectors = mapArrays(
      (p, first, second) => {
        const mean = first.div(correction1.ref);
        const deviation = np.sqrt(second.div(correction2.ref)).add(adam_epsilon);
        return p.sub(mean.div(deviation).mul(learning_rate));
      },
      vectors,
      tree.ref(newM),
      tree.ref(newV),
    );
    correction1.dispose();
    correction2.dispose();
    return [loss, newVectors, newM, newV];
  };
}

/**
 * @param {(...arrays: JaxArray[]) => JaxArray} f
 * @param {Trained} first
 * @param {Trained[]} others
 */
function mapArrays(f, first, ...others) {
  return /** @type {Trained} */ (/** @type {unknown} */ (tree.map(f, first, ...others)));
}

/**
 * Returns a function that computes the mean cross-entropy of the next tokens.
 * @param {JaxAdapter} adapter
 * @param {import('./problem.mjs').Config} config
 * @param {import('./problem.mjs').Batch} batch
 */
function meanLoss(adapter, config, { B, T }) {
  const { hidden_size, num_attention_heads, num_key_value_heads, num_hidden_layers, vocab_size, rms_norm_eps } = config;
  const size = hidden_size / num_attention_heads;

  return (/** @type {Trained} */ vectors, /** @type {Arrays} */ frozen, /** @type {Arrays} */ data) => {
    /** @type {Lookup} */
    const fixed = (name) => /** @type {JaxArray} */ (frozen[name]).ref;
    const norm = (/** @type {JaxArray} */ x, /** @type {string} */ name) => {
      const scale = np.reciprocal(np.sqrt(np.mean(np.square(x.ref), -1, { keepdims: true }).add(rms_norm_eps)));
      return x.mul(scale).mul(fixed(`model.${name}.weight`));
    };
    const down = (/** @type {JaxArray} */ x) => adapter.down(x, fixed);
    /** Computes x·Wᵀ plus the adapter's change. */
    const linear = (/** @type {string} */ name, /** @type {JaxArray} */ x, /** @type {JaxArray} */ u) => {
      const weight = fixed(`model.${name}.weight`);
      const trained = (/** @type {string} */ part) => /** @type {JaxArray} */ (vectors[name]?.[part]);
      const [outputs = 0] = weight.shape;
      return timesTransposed(x, weight).add(adapter.up(u, trained, fixed, outputs));
    };
    const rotated = (/** @type {JaxArray} */ x) => {
      const [a, b] = np.split(x, 2, -1);
      if (a === undefined || b === undefined) throw new Error('unreachable');
      const first = a.ref.mul(fixed('cos')).sub(b.ref.mul(fixed('sin')));
      return np.concatenate([first, b.mul(fixed('cos')).add(a.mul(fixed('sin')))], -1);
    };

    /**
     * Computes attention with simpler functions. jax-js' own attention copies the keys for each head of a group, and needs newer JavaScript
     * features than Node 20 has.
     */
    const attention = (/** @type {JaxArray} */ q, /** @type {JaxArray} */ k, /** @type {JaxArray} */ v) => {
      const groups = num_attention_heads / num_key_value_heads;
      const scores = lax
        .dot(q.reshape([B, T, num_key_value_heads, groups, size]), k, {
          lhsBatchDims: [0, 2],
          rhsBatchDims: [0, 2],
          lhsContractingDims: [4],
          rhsContractingDims: [3],
        })
        .mul(1 / Math.sqrt(size));
      const past = np.tri(T, T, 0, { dtype: np.bool }).reshape([T, 1, T]);
      const mixed = lax.dot(nn.softmax(np.where(past, scores, -Infinity), -1), v, {
        lhsBatchDims: [0, 1],
        rhsBatchDims: [0, 2],
        lhsContractingDims: [4],
        rhsContractingDims: [1],
      });
      return np.transpose(mixed, [0, 2, 1, 3, 4]);
    };

    let x = np.take(fixed('model.embed_tokens.weight'), /** @type {JaxArray} */ (data.input_ids), 0);
    for (let i = 0; i < num_hidden_layers; i++) {
      const layer = `layers.${i}`;
      const h = norm(x.ref, `${layer}.input_layernorm`);
      const u = down(h.ref);
      const q = linear(`${layer}.self_attn.q_proj`, h.ref, u.ref).reshape([B, T, num_attention_heads, size]);
      const k = linear(`${layer}.self_attn.k_proj`, h.ref, u.ref).reshape([B, T, num_key_value_heads, size]);
      const v = linear(`${layer}.self_attn.v_proj`, h, u).reshape([B, T, num_key_value_heads, size]);
      const mixed = attention(rotated(q), rotated(k), v).reshape([B * T, hidden_size]);
      x = x.add(linear(`${layer}.self_attn.o_proj`, mixed.ref, down(mixed)));

      const h2 = norm(x.ref, `${layer}.post_attention_layernorm`);
      const u2 = down(h2.ref);
      const gate = linear(`${layer}.mlp.gate_proj`, h2.ref, u2.ref);
      const up = linear(`${layer}.mlp.up_proj`, h2, u2);
      const inner = nn.silu(gate).mul(up);
      x = x.add(linear(`${layer}.mlp.down_proj`, inner.ref, down(inner)));
    }
    const logits = timesTransposed(norm(x, 'norm'), fixed('model.embed_tokens.weight'));
    const isTarget = np.equal(np.arange(vocab_size).reshape([1, vocab_size]), /** @type {JaxArray} */ (data.targets));
    const ofTargets = np.sum(np.where(isTarget, logits.ref, 0), -1);
    const losses = nn.logsumexp(logits, -1).sub(ofTargets);
    tree.dispose(frozen);
    return np.sum(losses.mul(/** @type {JaxArray} */ (data.shares)));
  };
}

/**
 * Computes x·wᵀ for two matrices.
 * @param {JaxArray} x
 * @param {JaxArray} w
 */
function timesTransposed(x, w) {
  return lax.dot(x, w, { lhsContractingDims: [1], rhsContractingDims: [1] });
}
