import { ALL_CASES, CASE_NAMES, CASES, PARTS } from './cases.mjs';
import { choice, integer, readFlags, UsageError } from './options.mjs';

/** @typedef {'swiftshader' | 'llvmpipe' | 'gpu'} BenchAdapter */
/** @typedef {import('./cases.mjs').Part} Part */
/** @typedef {'jax' | 'tfjs'} Peer */
/**
 * @typedef {object} BenchOptions
 * @property {import('./cases.mjs').CaseName} name
 * @property {number} length
 * @property {BenchAdapter} adapter
 * @property {readonly number[]} ranks
 * @property {readonly Part[]} parts
 * @property {boolean} tuned
 * @property {boolean} json
 * @property {Peer | undefined} compare
 * @property {number} rounds
 * @property {import('./roofline.mjs').Rates | undefined} peak of a device that isn't at hand
 */

export const HELP = `Measures training steps, generation, batches whose rows have adapters of their own, switching
from one adapter to another, and each kernel of a step.

  npm run bench -- [options]

  --case NAME      tiny          a Llama of 5 layers of 64, 4 × 256 tokens    (tiny)
                   small         a Llama of 6 layers of 288, 256 tokens
                   bundled       the demo's model, 2 × 128 tokens
                   opt-125m      these models' shapes with random weights in
                   smollm2-135m  half precision, 64 tokens; Qwen2.5's as a Llama,
                   qwen2.5-0.5b  without its biases; training only
  --length N       tokens of a row: 64, 128, 256 … 8192          (as above)
  --adapter NAME   swiftshader: headless Chromium on its software adapter
                   llvmpipe: Dawn in Node on Mesa's software adapter
                   gpu: headless Chromium on its default adapter (swiftshader)
  --r N            rank of the VeRA adapter
                   (tiny, bundled: 64; small: 64 and 256; others: 256)
  --kernels        each kernel of a training step, too
  --only PART      training, generation, adapters, modes (the equal ways to compute
                   adapted layers) or kernels                    (the first three)
  --tuned          train and generate with kernels that were measured first, on the
                   shapes of the training (of the first r)
  --compare PEER   instead, the training step of jax-js (jax) or TensorFlow.js (tfjs)
                   and ours in turns; tiny and small only
  --rounds N       of the comparison                                          (5)
  --peak F,B       instead, what a step takes at least on a device of F GFLOP/s and
                   B GB/s: its work is counted, and no step is taken
  --json           one JSON document instead of the table
  --help`;

const FLAGS = /** @type {const} */ ({
  case: { type: 'string', default: 'tiny' },
  length: { type: 'string' },
  adapter: { type: 'string', default: 'swiftshader' },
  r: { type: 'string' },
  kernels: { type: 'boolean' },
  only: { type: 'string' },
  tuned: { type: 'boolean' },
  compare: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  peak: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
});

/**
 * @param {readonly string[]} argv
 * @returns {BenchOptions | 'help'}
 * @throws {import('./options.mjs').UsageError}
 */
export function readBenchOptions(argv) {
  const flags = readFlags(argv, FLAGS);
  if (flags.help) return 'help';
  const name = choice('case', flags.case, CASE_NAMES);
  const { length, ranks, parts } = ALL_CASES[name];
  const wanted = flags.only === undefined ? parts : [choice('only', flags.only, PARTS)];
  if (flags.tuned === true && (flags.compare !== undefined || !wanted.includes('training'))) {
    throw new UsageError('--tuned needs the training, and no --compare');
  }
  return {
    name,
    length: flags.length === undefined ? length : lengthOf(flags.length),
    adapter: choice('adapter', flags.adapter, /** @type {const} */ (['swiftshader', 'llvmpipe', 'gpu'])),
    ranks: flags.r === undefined ? ranks : [integer('r', flags.r, { min: 1, max: 65_536 })],
    parts:
      flags.peak !== undefined
        ? ['counts']
        : flags.kernels === true
          ? [...new Set([...wanted, /** @type {const} */ ('kernels')])]
          : wanted,
    tuned: flags.tuned === true,
    compare: flags.compare === undefined ? undefined : peer(flags.compare, name),
    rounds: integer('rounds', flags.rounds, { min: 1, max: 1000 }),
    peak: flags.peak === undefined ? undefined : rates(flags.peak),
    json: flags.json === true,
  };
}

/**
 * @param {unknown} value
 * @param {import('./cases.mjs').CaseName} name
 * @returns {Peer}
 */
function peer(value, name) {
  if (!(name in CASES)) throw new UsageError('--compare needs --case tiny or small');
  return choice('compare', value, /** @type {const} */ (['jax', 'tfjs']));
}

/**
 * @param {unknown} value
 * @returns {import('./roofline.mjs').Rates}
 */
function rates(value) {
  const [flops = 0, bytes = 0, ...others] = String(value).split(',').map(Number);
  if (!(flops > 0 && bytes > 0 && others.length === 0)) {
    throw new UsageError(`--peak must be GFLOP/s and GB/s, as 3000,100, not "${value}"`);
  }
  return { flopsPerSecond: flops * 1e9, bytesPerSecond: bytes * 1e9 };
}

/**
 * Others would be padded.
 * @param {unknown} value
 */
function lengthOf(value) {
  const lengths = Array.from({ length: 8 }, (_, n) => String(64 * 2 ** n));
  return Number(choice('length', value, lengths));
}
