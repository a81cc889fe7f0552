import { choice, integer, readFlags } from './options.mjs';
import { CASES } from './workload.mjs';

/** @typedef {'swiftshader' | 'llvmpipe' | 'gpu'} BenchAdapter */
/** @typedef {{ name: import('./workload.mjs').CaseName, adapter: BenchAdapter, ranks: readonly number[], json: boolean }} BenchOptions */

export const HELP = `Measures training steps on a model with random weights.

  npm run bench -- [options]

  --case NAME      tiny (5 layers of 64, 4 × 256 tokens) or
                   small (6 layers of 288, 256 tokens)          (tiny)
  --adapter NAME   swiftshader: headless Chromium on its software adapter
                   llvmpipe: Dawn in Node on Mesa's software adapter
                   gpu: headless Chromium on its default adapter (swiftshader)
  --r N            rank of the VeRA adapter   (tiny: 64; small: 64 and 256)
  --json           one JSON document instead of the table
  --help`;

const FLAGS = /** @type {const} */ ({
  case: { type: 'string', default: 'tiny' },
  adapter: { type: 'string', default: 'swiftshader' },
  r: { type: 'string' },
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
    json: flags.json === true,
  };
}
