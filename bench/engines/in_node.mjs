// Runs the benchmark with Dawn in this process.
import { readFile } from 'node:fs/promises';
import { openAdapter } from '../../scripts/browsers/dawn.mjs';
import { BUNDLED_MODEL, loadBench, loadLibrary } from '../places.mjs';
import { readBundled } from '../workload/bundled.mjs';
import { measureAll } from '../workload/workload.mjs';
import { disableShaderCaches } from './shader_caches.mjs';

export { compareInNode as compare } from '../compare/compare_in_node.mjs';

/**
 * @param {import('../options/bench_options.mjs').BenchOptions} options
 * @param {(done: number, total: number, what: string) => void} onStep
 */
export async function measure({ name, length, ranks, parts, tuned, arithmetic, dtype, adapter }, onStep) {
  // Kernels in the tests' own directory have the tests' width of vectors.
  if (process.env.MESA_SHADER_CACHE_DIR === undefined) disableShaderCaches();
  const [library, bench] = await Promise.all([loadLibrary(), loadBench()]);
  const { gpu } = await openAdapter(library, adapter === 'gpu' ? 'gpu' : 'llvmpipe');
  const session = /** @type {const} */ ({ worker: false, gpu });
  const bundled = () => readBundled((file) => readFile(`${BUNDLED_MODEL}${file}`));
  const job = { name, length, ranks, parts, tuned, arithmetic, dtype, bundled, gpu, session, onStep };
  const measurements = await measureAll(library, bench, job);
  return { engine: `Dawn in Node ${process.versions.node}`, measurements };
}
