// The options of `npm run bench -- --only isa`.
import { choice, UsageError } from '../../scripts/shared/options.mjs';
import { isGiven } from '../options/work_options.mjs';

/** @typedef {'jax' | 'tfjs'} Peer */
/**
 * @typedef {object} IsaOptions
 * @property {readonly string[]} gpus Mesa's names of AMD's GPUs, and the names in vendors/gpus.mjs of other vendors' GPUs
 * @property {boolean} chosen whether to compile only the variants that the default choice picks for these GPUs
 * @property {string | undefined} kernel the only kernel to compile, whose assembly is printed too, for example 'linear/workgroup'
 * @property {Peer | undefined} compare
 * @property {boolean} json
 */

export const ISA_FLAGS = /** @type {const} */ ({
  gpu: { type: 'string' },
  chosen: { type: 'boolean' },
  isa: { type: 'string' },
});

export const ISA_HELP = `\
  --only isa       instead, what a GPU's own compiler (Mesa's, for AMD's) makes of each
                   kernel, without the GPU: registers, occupancy, and of the
                   instructions in inner loops those that multiply and add.
                   Products: whole lines in f32. With --compare PEER, its product, too
  --gpu NAME       of this one: navi31, navi21, navi10, vega10 …            (navi31);
                   or, after bench/isa/vendors/setup.sh, of Intel's tgl, dg2, lnl and
                   ptl, NVIDIA's nv162 and nv172, Apple's m1, Qualcomm's a660 and a730,
                   or ARM's mali_a867, which takes minutes
  --chosen         a table of what the choice gives these GPUs: --gpu tgl,nv172,m1
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
  const { only, gpu = 'navi31', chosen = false, isa: kernel, compare, json, ...others } = flags;
  if (only !== 'isa') {
    const stray = ['gpu', 'isa', 'chosen'].find((name) => flags[name] !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} needs --only isa`);
    return undefined;
  }
  const ofRuns = ['adapter', 'arithmetic', 'case', 'dtype', 'kernels', 'length', 'peak', 'r', 'rounds', 'tuned'];
  const unused = ofRuns.find((name) => isGiven(name, others));
  if (unused !== undefined) throw new UsageError(`--${unused} is about what is run, and --only isa runs nothing`);
  const gpus = String(gpu).split(',');
  if (!gpus.every((one) => /^[a-z]\w*$/i.test(one)))
    throw new UsageError(`--gpu must be a name as navi31, not "${gpu}"`);
  if (gpus.length > 1 && chosen !== true) throw new UsageError('--gpu with several names needs --chosen');
  return {
    gpus,
    chosen: chosen === true,
    kernel: kernel === undefined ? undefined : String(kernel),
    compare: compare === undefined ? undefined : choice('compare', compare, PEERS),
    json: json === true,
  };
}
