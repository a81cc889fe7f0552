import { ALL_CASES, CASE_NAMES, PARTS } from './cases.mjs';
import { choice, integer, readFlags } from './options.mjs';

/** @typedef {'swiftshader' | 'llvmpipe' | 'gpu'} BenchAdapter */
/** @typedef {import('./cases.mjs').Part} Part */
/**
 * @typedef {object} BenchOptions
 * @property {import('./cases.mjs').CaseName} name
 * @property {number} length
 * @property {BenchAdapter} adapter
 * @property {readonly number[]} ranks
 * @property {readonly Part[]} parts
 * @property {boolean} json
 */

export const HELP = `Measures training steps, batches whose rows have adapters of their own, switching from one adapter
to another, and each kernel of a step.

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
  --only PART      training, adapters or kernels     (training and adapters)
  --json           one JSON document instead of the table
  --help`;

const FLAGS = /** @type {const} */ ({
  case: { type: 'string', default: 'tiny' },
  length: { type: 'string' },
  adapter: { type: 'string', default: 'swiftshader' },
  r: { type: 'string' },
  kernels: { type: 'boolean' },
  only: { type: 'string' },
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
  return {
    name,
    length: flags.length === undefined ? length : lengthOf(flags.length),
    adapter: choice('adapter', flags.adapter, /** @type {const} */ (['swiftshader', 'llvmpipe', 'gpu'])),
    ranks: flags.r === undefined ? ranks : [integer('r', flags.r, { min: 1, max: 65_536 })],
    parts: flags.kernels === true ? [...new Set([...wanted, /** @type {const} */ ('kernels')])] : wanted,
    json: flags.json === true,
  };
}

/**
 * Others would be padded.
 * @param {unknown} value
 */
function lengthOf(value) {
  const lengths = Array.from({ length: 8 }, (_, n) => String(64 * 2 ** n));
  return Number(choice('length', value, lengths));
}
