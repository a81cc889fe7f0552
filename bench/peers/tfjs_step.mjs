// Computes the training step of problem.mjs in TensorFlow.js: eager kernels in `tidy`, gradients by `variableGrads`, and the package's own
// Adam.
import { named, rotaryTables } from './problem.mjs';

/** @typedef {typeof import('@tensorflow/tfjs-core')} Tf */
/** @typedef {import('@tensorflow/tfjs-core').Tensor} Tensor */
/** @typedef {(name: string) => Tensor} Lookup */

/** @returns {Promise<Tf>} */
async function loadTf() {
  // The packages are imported only now, because they look for `navigator.gpu` while they load.
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-core/dist/register_all_gradients');
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js found no WebGPU');
  await tf.ready();
  return tf;
}

/**
 * @param {import('./problem.mjs').Problem} problem
 * @returns {Promise<import('./problem.mjs').Stepper>}
 */
export async function createStep({ config, weights, projections, lambda, batch, args }) {
  const tf = await loadTf();
  const { half, cos, sin } = rotaryTables(config, batch.T);
  const groups = config.num_attention_heads / config.num_key_value_heads;
  const { A, B } = projections;
  /** @type {Map<string, Tensor>} */
  const frozen = new Map([...weights].map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));
  for (const [module, { d, b }] of lambda) {
    const { shape } = named(weights, `model.${module}.weight`);
    // Slices A and B to the module's sizes, once for each size.
    for (const [name, matrix, size] of /** @type {const} */ ([
      ['A', A, [d.length, shape[1] ?? 0]],
      ['B', B, [b.length, d.length]],
    ])) {
      const key = name === 'A' ? `A ${size[1]}` : `B ${size[0]}`;
      if (frozen.has(key)) continue;
      frozen.set(
        key,
        tf.tidy(() => tf.slice(tf.tensor(matrix.data, [...matrix.shape]), [0, 0], [...size])),
      );
    }
  }
  frozen.set('cos', tf.tensor(cos, [1, batch.T, 1, half]));
  frozen.set('sin', tf.tensor(sin, [1, batch.T, 1, half]));
  frozen.set('mask', causalMask(tf, batch.T, groups));
  const data = {
    input_ids: tf.tensor1d(batch.input_ids, 'int32'),
    targets: tf.tensor1d(batch.targets, 'int32'),
    shares: tf.tensor1d(batch.shares),
  };

  // One variable holds all vectors, so that they are split, gathered and updated together.
  const parts = [...lambda].flatMap(([name, { b, d }]) => [
    { name: `${name} b`, values: b },
    { name: `${name} d`, values: d },
  ]);
  const sizes = parts.map(({ values }) => values.length);
  const flat = tf.variable(tf.tensor1d(Float32Array.from(parts.flatMap(({ values }) => [...values]))));
  const optimizer = tf.train.adam(args.learning_rate, args.adam_beta1, args.adam_beta2, args.adam_epsilon);
  const forward = meanLoss(tf, config, batch);

  const trainingStep = () => {
    const { value, grads } = tf.variableGrads(() => {
      const vectors = new Map(tf.split(flat, sizes).map((vector, i) => [parts[i]?.name ?? '', vector]));
      return forward(
        (name) => named(vectors, name),
        (name) => named(frozen, name),
        data,
      );
    }, [flat]);
    const gradient = /** @type {Tensor} */ (grads[flat.name]);
    const scale = tf.minimum(1, tf.div(args.max_grad_norm, tf.add(tf.norm(gradient), 1e-6)));
    optimizer.applyGradients({ [flat.name]: tf.mul(gradient, scale) });
    return value;
  };

  return {
    async step() {
      const loss = tf.tidy(trainingStep);
      const [value] = await loss.data();
      loss.dispose();
      return Number(value);
    },
    async dispose() {
      optimizer.dispose();
      tf.dispose([flat, ...frozen.values(), ...Object.values(data)]);
    },
    device: /** @type {{ device: GPUDevice }} */ (/** @type {unknown} */ (tf.backend())).device,
  };
}

/**
 * Returns the causal mask that is added to attention scores. Its shape is (groups·T, T): a group's query heads are stacked.
 * @param {Tf} tf
 * @param {number} T
 * @param {number} groups
 */
function causalMask(tf, T, groups) {
  const values = new Float32Array(groups * T * T).map((_, i) => (i % T > Math.floor(i / T) % T ? -1e9 : 0));
  return tf.tensor(values, [groups * T, T]);
}

/**
 * Returns a function that computes the mean cross-entropy of the next tokens.
 * @param {Tf} tf
 * @param {import('./problem.mjs').Config} config
 * @param {import('./problem.mjs').Batch} batch
 * @returns {(vector: Lookup, frozen: Lookup, data: { input_ids: Tensor, targets: Tensor, shares: Tensor }) => import('@tensorflow/tfjs-core').Scalar}
 */
function meanLoss(tf, config, { B, T }) {
  const { hidden_size, num_attention_heads, num_key_value_heads, num_hidden_layers, vocab_size, rms_norm_eps } = config;
  const size = hidden_size / num_attention_heads;
  const groups = num_attention_heads / num_key_value_heads;
  const timesTransposed = (/** @type {Tensor} */ x, /** @type {Tensor} */ w) => tf.matMul(x, w, false, true);

  return (vector, frozen, { input_ids, targets, shares }) => {
    const norm = (/** @type {Tensor} */ x, /** @type {string} */ name) => {
      const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), rms_norm_eps));
      return tf.mul(tf.mul(x, scale), frozen(`model.${name}.weight`));
    };
    /** Computes A·x (N, r), once for all modules with the same input. */
    const down = (/** @type {Tensor} */ x) => timesTransposed(x, frozen(`A ${x.shape[1]}`));
    /** Computes x·Wᵀ + λ_b ⊙ B(λ_d ⊙ u). */
    const linear = (/** @type {string} */ name, /** @type {Tensor} */ x, /** @type {Tensor} */ u) => {
      const weight = frozen(`model.${name}.weight`);
      const delta = timesTransposed(tf.mul(u, vector(`${name} d`)), frozen(`B ${weight.shape[0]}`));
      return tf.add(timesTransposed(x, weight), tf.mul(delta, vector(`${name} b`)));
    };
    const rotated = (/** @type {Tensor} */ x) => {
      const [a, b] = /** @type {[Tensor, Tensor]} */ (tf.split(x, 2, -1));
      const [cos, sin] = [frozen('cos'), frozen('sin')];
      return tf.concat([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))], -1);
    };
    /** Computes attention. Stacks the query heads of a group, so that keys need no copies. */
    const attention = (/** @type {Tensor} */ q, /** @type {Tensor} */ k, /** @type {Tensor} */ v) => {
      const grouped = tf.transpose(tf.reshape(q, [B, T, num_key_value_heads, groups, size]), [0, 2, 3, 1, 4]);
      const queries = tf.reshape(grouped, [B * num_key_value_heads, groups * T, size]);
      const byHead = (/** @type {Tensor} */ x) =>
        tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B * num_key_value_heads, T, size]);
      const scores = tf.mul(timesTransposed(queries, byHead(k)), 1 / Math.sqrt(size));
      const mixed = tf.matMul(tf.softmax(tf.add(scores, frozen('mask'))), byHead(v));
      const apart = tf.reshape(mixed, [B, num_key_value_heads, groups, T, size]);
      return tf.reshape(tf.transpose(apart, [0, 3, 1, 2, 4]), [B * T, hidden_size]);
    };

    let x = tf.gather(
      frozen('model.embed_tokens.weight'),
      /** @type {import('@tensorflow/tfjs-core').Tensor1D} */ (input_ids),
    );
    for (let i = 0; i < num_hidden_layers; i++) {
      const layer = `layers.${i}`;
      const h = norm(x, `${layer}.input_layernorm`);
      const u = down(h);
      const heads = (/** @type {string} */ name, /** @type {number} */ count) =>
        tf.reshape(linear(`${layer}.self_attn.${name}_proj`, h, u), [B, T, count, size]);
      const q = rotated(heads('q', num_attention_heads));
      const mixed = attention(q, rotated(heads('k', num_key_value_heads)), heads('v', num_key_value_heads));
      x = tf.add(x, linear(`${layer}.self_attn.o_proj`, mixed, down(mixed)));

      const h2 = norm(x, `${layer}.post_attention_layernorm`);
      const u2 = down(h2);
      const gate = linear(`${layer}.mlp.gate_proj`, h2, u2);
      const inner = tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(`${layer}.mlp.up_proj`, h2, u2));
      x = tf.add(x, linear(`${layer}.mlp.down_proj`, inner, down(inner)));
    }
    const logits = timesTransposed(norm(x, 'norm'), frozen('model.embed_tokens.weight'));
    const labels = tf.oneHot(targets, vocab_size);
    return tf.losses.softmaxCrossEntropy(labels, logits, shares, 0, tf.Reduction.SUM);
  };
}
