// Computes the matrix product x·wᵀ in jax-js, in the same way as the training step in jax_step.mjs.
import * as jax from '@jax-js/jax';

const { lax, numpy: np } = jax;

/**
 * @param {{ rows: number, columns: number, inner: number }} sizes
 * @returns {Promise<() => Promise<unknown>>} computes the product
 */
export async function createProduct({ rows, columns, inner }) {
  if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('jax-js found no WebGPU');
  jax.defaultDevice('webgpu');
  const values = (/** @type {number[]} */ ...shape) => np.array(new Float32Array(inner * (shape[0] ?? 0)), { shape });
  const [x, w] = [values(rows, inner), values(columns, inner)];
  const product = jax.jit((/** @type {jax.Array} */ left, /** @type {jax.Array} */ right) =>
    lax.dot(left, right, { lhsContractingDims: [1], rhsContractingDims: [1] }),
  );
  return () => product(x, w).data();
}
