// The options of `npm run bench -- --only isa`.
import { choice, UsageError } from '../../scripts/shared/options.mjs';

/** @typedef {'jax' | 'tfjs'} Peer */
/**
 * @typedef {object} IsaOptions
 * @property {string} gpu Mesa's name of the GPU
 * @property {string | undefined} kernel name of the kernel whose assembly is printed, for example 'linear/workgroup'
 * @property {Peer | undefined} compare
 * @property {boolean} json
 */

export const ISA_FLAGS = /** @type {const} */ ({
  gpu: { type: 'string' },
  isa: { type: 'string' },
});

export const ISA_HELP = `\
  --only isa       instead, what a GPU's own compiler (Mesa's, for AMD's) makes of each
                   kernel, without the GPU: registers, occupancy, and of the
                   instructions in inner loops those that multiply and add.
                   Products: whole lines in f32. With --compare PEER, its product, too
  --gpu NAME       of this one: navi31, navi21, navi10, vega10 …            (navi31)
  --isa NAME       of one kernel, or variant, alone, and its assembly:
                   linear/workgroup, as npm run shader calls them
`;

/** @type {readonly Peer[]} */
export const PEERS = ['jax', 'tfjs'];

/**
 * @param {import('../../scripts/shared/options.mjs').Flags} flags
 * @returns {IsaOptions | undefined} undefined if the flags ask for another measurement
 */
export function readIsaOptions(flags) {
  const { only, gpu = 'navi31', isa: kernel, compare, json, ...others } = flags;
  if (only !== 'isa') {
    const stray = ['gpu', 'isa'].find((name) => flags[name] !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} needs --only isa`);
    return undefined;
  }
  const unused = ['length', 'r', 'kernels', 'tuned', 'peak'].find((name) => others[name] !== undefined);
  if (unused !== undefined) throw new UsageError(`--${unused} is about what is run, and --only isa runs nothing`);
  if (!/^[a-z]\w*$/i.test(String(gpu))) throw new UsageError(`--gpu must be a name as navi31, not "${gpu}"`);
  return {
    gpu: String(gpu),
    kernel: kernel === undefined ? undefined : String(kernel),
    compare: compare === undefined ? undefined : choice('compare', compare, PEERS),
    json: json === true,
  };
}
