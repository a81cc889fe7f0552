import { choice, integer, readFlags } from './options.mjs';
import { CASES, PARTS } from './workload.mjs';

/** @typedef {'swiftshader' | 'llvmpipe' | 'gpu'} BenchAdapter */
/** @typedef {import('./workload.mjs').Part} Part */
/** @typedef {{ name: import('./workload.mjs').CaseName, adapter: BenchAdapter, ranks: readonly number[], parts: readonly Part[], json: boolean }} BenchOptions */

export const HELP = `Measures a model with random weights: training steps, batches whose rows have adapters
of their own, and switching from one adapter to another.

  npm run bench -- [options]

  --case NAME      tiny (5 layers of 64, 4 × 256 tokens) or
                   small (6 layers of 288, 256 tokens)          (tiny)
  --adapter NAME   swiftshader: headless Chromium on its software adapter
                   llvmpipe: Dawn in Node on Mesa's software adapter
                   gpu: headless Chromium on its default adapter (swiftshader)
  --r N            rank of the VeRA adapter   (tiny: 64; small: 64 and 256)
  --only PART      training or adapters                            (both)
  --json           one JSON document instead of the table
  --help`;

const FLAGS = /** @type {const} */ ({
  case: { type: 'string', default: 'tiny' },
  adapter: { type: 'string', default: 'swiftshader' },
  r: { type: 'string' },
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
  const name = choice('case', flags.case, /** @type {const} */ (['tiny', 'small']));
  return {
    name,
    adapter: choice('adapter', flags.adapter, /** @type {const} */ (['swiftshader', 'llvmpipe', 'gpu'])),
    ranks: flags.r === undefined ? CASES[name].ranks : [integer('r', flags.r, { min: 1, max: 65_536 })],
    parts: flags.only === undefined ? PARTS : [choice('only', flags.only, PARTS)],
    json: flags.json === true,
  };
}
