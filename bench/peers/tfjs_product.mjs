// Computes the matrix product x·wᵀ in TensorFlow.js, in the same way as the training step in tfjs_step.mjs.

/**
 * @param {{ rows: number, columns: number, inner: number }} sizes
 * @returns {Promise<() => Promise<unknown>>} computes the product
 */
export async function createProduct({ rows, columns, inner }) {
  // The packages are imported only now, because they look for `navigator.gpu` while they load.
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js found no WebGPU');
  await tf.ready();
  const values = (/** @type {number} */ lines) => tf.tensor2d(new Float32Array(lines * inner), [lines, inner]);
  const [x, w] = [values(rows), values(columns)];
  return () => tf.matMul(x, w, false, true).data();
}
