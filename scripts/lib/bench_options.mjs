// The options of `npm run bench`.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readWork, WORK_FLAGS, workHelp } from './bench_work.mjs';
import { CASE_NAMES, CASES } from './cases.mjs';
import { ISA_FLAGS, ISA_HELP, PEERS, readIsaOptions } from './isa_options.mjs';
import { choice, integer, readFlags, UsageError } from './options.mjs';

/** @typedef {'swiftshader' | 'llvmpipe' | 'gpu'} BenchAdapter */
/** @typedef {import('./isa_options.mjs').Peer} Peer */
/** @typedef {Peer | { build: string }} Rival another build is the path of its folder */
/** @typedef {import('./bench_work.mjs').Work & { adapter: BenchAdapter, compare: Rival | undefined, rounds: number }} BenchOptions */

export const HELP = `Measures training steps, generation, batches whose rows have adapters of their own, switching
from one adapter to another, and each kernel of a step.

  npm run bench -- [options]

${workHelp({
  bundled: `\
                   bundled       the demo's model, 2 × 128 tokens
`,
  device: `\
  --adapter NAME   swiftshader: headless Chromium on its software adapter
                   llvmpipe: Dawn in Node on Mesa's software adapter
                   gpu: headless Chromium on its default adapter (swiftshader)
`,
  compare: `\
  --compare PEER   instead, the training step of jax-js (jax) or TensorFlow.js (tfjs),
                   or of another build of webvera (the path of its dist), and ours
                   in turns; tiny and small only
  --rounds N       of the comparison                                          (5)
${ISA_HELP}`,
})}`;

const FLAGS = /** @type {const} */ ({
  ...WORK_FLAGS,
  ...ISA_FLAGS,
  adapter: { type: 'string', default: 'swiftshader' },
  compare: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  help: { type: 'boolean' },
});

/**
 * @param {readonly string[]} argv
 * @returns {BenchOptions | { isa: import('./isa_options.mjs').IsaOptions } | 'help'}
 * @throws {import('./options.mjs').UsageError}
 */
export function readBenchOptions(argv) {
  const flags = readFlags(argv, FLAGS);
  if (flags.help) return 'help';
  const isa = readIsaOptions(flags);
  if (isa !== undefined) return { isa };
  const work = readWork(flags, CASE_NAMES);
  if (work.tuned && flags.compare !== undefined) throw new UsageError('--tuned needs the training, and no --compare');
  return {
    ...work,
    adapter: choice('adapter', flags.adapter, /** @type {const} */ (['swiftshader', 'llvmpipe', 'gpu'])),
    compare: flags.compare === undefined ? undefined : rival(String(flags.compare), work.name),
    rounds: integer('rounds', flags.rounds, { min: 1, max: 1000 }),
  };
}

/**
 * @param {string} value
 * @param {import('./cases.mjs').CaseName} name
 * @returns {Rival}
 */
function rival(value, name) {
  if (!(name in CASES)) throw new UsageError('--compare needs --case tiny or small');
  const peer = PEERS.find((peer) => peer === value);
  if (peer !== undefined) return peer;
  if (existsSync(join(value, 'node.js'))) return { build: resolve(value) };
  throw new UsageError(`--compare must be ${PEERS.join(' or ')}, or a folder with a build's node.js, not "${value}"`);
}
