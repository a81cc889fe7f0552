// The same training step in jax-js: one jitted function that returns the next values of the vectors and of AdamW's moments.
// jax-js frees an array when it is passed to a function, unless `.ref` is passed instead.
import * as jax from '@jax-js/jax';
import { rotaryTables } from './problem.mjs';

const { lax, nn, numpy: np, tree } = jax;

/** @typedef {jax.Array} JaxArray */
/** @typedef {Record<string, { b: JaxArray, d: JaxArray }>} Lambda */
/** @typedef {Record<string, JaxArray>} Arrays */

/**
 * @param {import('./problem.mjs').Problem} problem
 * @returns {Promise<import('./problem.mjs').Stepper>}
 */
export async function createStep({ config, weights, projections, lambda, batch, args }) {
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
  /** @type {Lambda} */
  let vectors = Object.fromEntries(
    [...lambda].map(([name, { b, d }]) => [name, { b: array(b, [b.length]), d: array(d, [d.length]) }]),
  );
  let m = zerosLike(vectors);
  let v = zerosLike(vectors);

  const update = jax.jit(trainingStep(config, batch, args));
  let taken = 0;
  return {
    async step() {
      taken += 1;
      const corrections = np.array([1 - args.adam_beta1 ** taken, 1 - args.adam_beta2 ** taken]);
      const outcome = /** @type {[JaxArray, Lambda, Lambda, Lambda]} */ (
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
 * @param {Lambda} vectors
 * @returns {Lambda}
 */
function zerosLike(vectors) {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, { b, d }]) => [name, { b: np.zeros(b.shape), d: np.zeros(d.shape) }]),
  );
}

/**
 * @param {import('./problem.mjs').Config} config
 * @param {import('./problem.mjs').Batch} batch
 * @param {import('./problem.mjs').Args} args
 */
function trainingStep(config, batch, { learning_rate, adam_beta1, adam_beta2, adam_epsilon, max_grad_norm }) {
  const lossAndGradients = jax.valueAndGrad(meanLoss(config, batch));

  return (
    /** @type {Lambda} */ vectors,
    /** @type {Lambda} */ m,
    /** @type {Lambda} */ v,
    /** @type {JaxArray} (2) */ corrections,
    /** @type {Arrays} */ frozen,
    /** @type {Arrays} */ data,
  ) => {
    const [loss, gradients] = /** @type {[JaxArray, Lambda]} */ (lossAndGradients(tree.ref(vectors), frozen, data));
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
 * @param {Lambda} first
 * @param {Lambda[]} others
 */
function mapArrays(f, first, ...others) {
  return /** @type {Lambda} */ (/** @type {unknown} */ (tree.map(f, first, ...others)));
}

/**
 * The mean cross-entropy of the next tokens.
 * @param {import('./problem.mjs').Config} config
 * @param {import('./problem.mjs').Batch} batch
 */
function meanLoss(config, { B, T }) {
  const { hidden_size, num_attention_heads, num_key_value_heads, num_hidden_layers, vocab_size, rms_norm_eps } = config;
  const size = hidden_size / num_attention_heads;

  return (/** @type {Lambda} */ vectors, /** @type {Arrays} */ frozen, /** @type {Arrays} */ data) => {
    /** @param {string} name */
    const fixed = (name) => /** @type {JaxArray} */ (frozen[name]).ref;
    /** @param {string} name */
    const vectorsOf = (name) => /** @type {{ b: JaxArray, d: JaxArray }} */ (vectors[name]);
    const norm = (/** @type {JaxArray} */ x, /** @type {string} */ name) => {
      const scale = np.reciprocal(np.sqrt(np.mean(np.square(x.ref), -1, { keepdims: true }).add(rms_norm_eps)));
      return x.mul(scale).mul(fixed(`model.${name}.weight`));
    };
    /** A·x (N, r), which modules with the same input share. */
    const down = (/** @type {JaxArray} */ x) => timesTransposed(x, fixed('A').slice([], [0, x.shape[1] ?? 0]));
    /** x·Wᵀ + λ_b ⊙ B(λ_d ⊙ u) */
    const linear = (/** @type {string} */ name, /** @type {JaxArray} */ x, /** @type {JaxArray} */ u) => {
      const weight = fixed(`model.${name}.weight`);
      const { b, d } = vectorsOf(name);
      const B = fixed('B').slice([0, weight.shape[0] ?? 0]);
      return timesTransposed(x, weight).add(timesTransposed(u.mul(d), B).mul(b));
    };
    const rotated = (/** @type {JaxArray} */ x) => {
      const [a, b] = np.split(x, 2, -1);
      if (a === undefined || b === undefined) throw new Error('unreachable');
      const first = a.ref.mul(fixed('cos')).sub(b.ref.mul(fixed('sin')));
      return np.concatenate([first, b.mul(fixed('cos')).add(a.mul(fixed('sin')))], -1);
    };

    /** The attention of jax-js repeats keys for the heads of a group, and needs a newer JavaScript than Node 20's. */
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
 * x·wᵀ for two matrices.
 * @param {JaxArray} x
 * @param {JaxArray} w
 */
function timesTransposed(x, w) {
  return lax.dot(x, w, { lhsContractingDims: [1], rhsContractingDims: [1] });
}
