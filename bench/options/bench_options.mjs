// The options of `npm run bench`.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { choice, integer, readFlags, UsageError } from '../../scripts/shared/options.mjs';
import { HOST_HELP, readHostOptions } from '../host/host_options.mjs';
import { ISA_FLAGS, ISA_HELP, PEERS, readIsaOptions } from '../isa/isa_options.mjs';
import { CASE_NAMES, CASES } from '../workload/cases.mjs';
import { readWork, WORK_FLAGS, workHelp } from './work_options.mjs';

/** @typedef {'swiftshader' | 'llvmpipe' | 'gpu'} BenchAdapter */
/** @typedef {import('../isa/isa_options.mjs').Peer} Peer */
/** @typedef {import('../host/host_options.mjs').HostOptions} HostOptions */
/** @typedef {Peer | 'kinds' | { build: string }} Rival another library (a peer), all kinds of adapters, or the folder of another build */
/** @typedef {import('./work_options.mjs').Work & { adapter: BenchAdapter, compare: Rival | undefined, rounds: number }} BenchOptions */

const WHAT = `Measures training steps, generation, batches whose rows have adapters of their own, switching
from one adapter to another, and each kernel of a step.`;

const BUNDLED = `\
                   bundled       the demo's model, 2 × 128 tokens
`;

const COMPARE = `\
  --compare PEER   instead, the training step of jax-js (jax) or TensorFlow.js (tfjs),
                   or of another build of webvera (the path of its dist), and ours
                   in turns; or (kinds) the steps of every kind of adapter, and of
                   jax-js' LoRA; tiny and small only
  --rounds N       of the comparison                                          (5)
`;

const HELP = `${WHAT}

  npm run bench -- [options]

${workHelp({
  bundled: BUNDLED,
  device: `\
  --adapter NAME   swiftshader: headless Chromium on its software adapter
                   llvmpipe: Dawn in Node on Mesa's software adapter
                   gpu: headless Chromium on its default adapter (swiftshader)
`,
  compare: `${COMPARE}${HOST_HELP}${ISA_HELP}`,
})}`;

const PACKED_HELP = `${WHAT}
All runs with Dawn in Node, on Vulkan, without a browser; --only isa is not in this archive.

  bench [options]

${workHelp({
  bundled: BUNDLED,
  device: `\
  --adapter NAME   gpu: this machine's own, never software                    (gpu)
                   llvmpipe: Mesa's software adapter, where the machine has it
`,
  compare: COMPARE,
})}`;

/** @param {boolean} packed whether the benchmark runs from an archive of `npm run bench:pack` */
export const benchHelp = (packed) => (packed ? PACKED_HELP : HELP);

/** The values of `--adapter`, the default first. @type {(packed: boolean) => readonly BenchAdapter[]} */
const adapters = (packed) => (packed ? ['gpu', 'llvmpipe'] : ['swiftshader', 'llvmpipe', 'gpu']);

const FLAGS = /** @type {const} */ ({
  ...WORK_FLAGS,
  ...ISA_FLAGS,
  adapter: { type: 'string' },
  compare: { type: 'string' },
  rounds: { type: 'string' },
  help: { type: 'boolean' },
});

/**
 * @param {readonly string[]} argv
 * @param {boolean} [packed] whether the benchmark runs from an archive of `npm run bench:pack`
 * @returns {BenchOptions | { isa: import('../isa/isa_options.mjs').IsaOptions } | { host: HostOptions } | 'help'}
 * @throws {import('../../scripts/shared/options.mjs').UsageError}
 */
export function readBenchOptions(argv, packed = false) {
  const flags = readFlags(argv, FLAGS);
  if (flags.help) return 'help';
  const isa = readIsaOptions(flags);
  if (isa !== undefined) {
    if (packed) throw new UsageError("--only isa reads webvera's sources, which are not in this archive");
    return { isa };
  }
  const host = readHostOptions(flags);
  if (host !== undefined) {
    if (packed) throw new UsageError("--only host runs webvera's sources, which are not in this archive");
    return { host };
  }
  const work = readWork(flags, CASE_NAMES);
  if (work.tuned && flags.compare !== undefined) throw new UsageError('--tuned needs the training, and no --compare');
  if (work.arithmetic !== 'f32' && flags.compare !== undefined) {
    throw new UsageError('--arithmetic f16 is no comparison of like with like: leave out --compare');
  }
  if (work.dtype !== 'auto' && flags.compare !== undefined) throw new UsageError('--dtype needs no --compare');
  const alone = ['length', 'only', 'kernels', 'peak'].find(
    (name) => flags[name] !== undefined && flags[name] !== false,
  );
  if (alone !== undefined && flags.compare !== undefined) throw new UsageError(`--${alone} needs no --compare`);
  if (flags.rounds !== undefined && flags.compare === undefined) throw new UsageError('--rounds is for --compare');
  return {
    ...work,
    adapter: choice('adapter', flags.adapter ?? adapters(packed)[0], adapters(packed)),
    compare: flags.compare === undefined ? undefined : rival(String(flags.compare), work.name),
    rounds: integer('rounds', flags.rounds ?? '5', { min: 1, max: 1000 }),
  };
}

/**
 * @param {string} value
 * @param {import('../workload/cases.mjs').CaseName} name
 * @returns {Rival}
 */
function rival(value, name) {
  if (!(name in CASES)) throw new UsageError('--compare needs --case tiny or small');
  const peer = PEERS.find((peer) => peer === value);
  if (peer !== undefined) return peer;
  if (value === 'kinds') return value;
  if (existsSync(join(value, 'node.js'))) return { build: resolve(value) };
  throw new UsageError(
    `--compare must be ${PEERS.join(' or ')}, kinds, or a folder with a build's node.js, not "${value}"`,
  );
}
