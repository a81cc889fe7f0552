// The options that `npm run bench` and `npx webvera bench` share.

import { DTYPES } from '../../scripts/shared/dtypes.mjs';
import { choice, integer, UsageError } from '../../scripts/shared/options.mjs';
import { ALL_CASES, PARTS } from '../workload/cases.mjs';

/** @typedef {import('../workload/cases.mjs').Part} Part */
/** @typedef {import('../../src/index').ModelDtype} ModelDtype */
/**
 * The work that a benchmark measures.
 * @typedef {object} Work
 * @property {import('../workload/cases.mjs').CaseName} name
 * @property {number} length number of tokens per row
 * @property {readonly number[]} ranks
 * @property {readonly Part[]} parts
 * @property {boolean} tuned
 * @property {'f32' | 'f16'} arithmetic
 * @property {ModelDtype} dtype data type in which training loads the base model's matrices
 * @property {boolean} json
 * @property {import('../report/roofline.mjs').Rates | undefined} peak peak rates of another device, for which the shortest time of a
 * step is computed
 */

export const WORK_FLAGS = /** @type {const} */ ({
  case: { type: 'string', default: 'tiny' },
  length: { type: 'string' },
  r: { type: 'string' },
  kernels: { type: 'boolean' },
  only: { type: 'string' },
  tuned: { type: 'boolean' },
  arithmetic: { type: 'string', default: 'f32' },
  dtype: { type: 'string', default: 'auto' },
  peak: { type: 'string' },
  json: { type: 'boolean' },
});

/**
 * Whether a flag's value differs from its default.
 * @param {string} name
 * @param {import('../../scripts/shared/options.mjs').Flags} flags
 */
export function isGiven(name, flags) {
  const flag = Object.entries(WORK_FLAGS).find(([each]) => each === name)?.[1];
  return flags[name] !== (flag && 'default' in flag ? flag.default : undefined);
}

/** @param {{ bundled: string, device: string, compare: string }} own the lines of the help text in which the two commands differ */
export const workHelp = ({ bundled, device, compare }) => `\
  --case NAME      tiny          a Llama of 5 layers of 64, 4 × 256 tokens    (tiny)
                   small         a Llama of 6 layers of 288, 256 tokens
${bundled}\
                   opt-125m      these models' shapes with random weights in
                   smollm2-135m  half precision, 64 tokens; Qwen2.5's as a Llama,
                   qwen2.5-0.5b  without its biases; training only
  --length N       tokens of a row: 64, 128, 256 … 8192          (as above)
${device}\
  --r N            rank of the VeRA adapter
                   (tiny${bundled === '' ? '' : ', bundled'}: 64; small: 64 and 256; others: 256)
  --kernels        each kernel of a training step, too
  --only PART      training, generation, adapters, modes (the equal ways to compute
                   adapted layers), preferences (steps of DPO and KTO beside one of
                   Trainer) or kernels                           (the first three)
  --tuned          train and generate with kernels that were measured first, on the
                   shapes of the training (of the first r)
  --arithmetic A   f32, or f16: products multiply in it, and sum in f32      (f32)
  --dtype D        weights as float32, float16, bfloat16, q8 or q4; training only
                   (as they are in the files)
${compare}\
  --peak F,B       instead, what a step takes at least on a device of F GFLOP/s and
                   B GB/s: its work is counted, and no step is taken
  --json           one JSON document instead of the table
  --help`;

/**
 * @param {import('../../scripts/shared/options.mjs').Flags} flags
 * @param {readonly import('../workload/cases.mjs').CaseName[]} names of the cases that can be measured
 * @returns {Work}
 */
export function readWork(flags, names) {
  const name = choice('case', flags.case, names);
  const { length, ranks, parts } = ALL_CASES[name];
  const wanted = flags.only === undefined ? parts : [choice('only', flags.only, PARTS)];
  if (flags.tuned === true && !wanted.includes('training')) throw new UsageError('--tuned needs the training');
  return {
    name,
    length: flags.length === undefined ? length : lengthOf(flags.length),
    ranks: flags.r === undefined ? ranks : [integer('r', flags.r, { min: 1, max: 65_536 })],
    parts:
      flags.peak !== undefined
        ? ['counts']
        : flags.kernels === true
          ? [...new Set([...wanted, /** @type {const} */ ('kernels')])]
          : wanted,
    tuned: flags.tuned === true,
    arithmetic: choice('arithmetic', flags.arithmetic, /** @type {const} */ (['f32', 'f16'])),
    dtype: dtypeOf(flags.dtype, wanted),
    json: flags.json === true,
    peak: flags.peak === undefined ? undefined : rates(flags.peak),
  };
}

/**
 * @param {unknown} value
 * @param {readonly Part[]} parts
 */
function dtypeOf(value, parts) {
  const dtype = choice('dtype', value, DTYPES);
  if (dtype === 'auto' || parts.every((part) => part === 'training')) return dtype;
  throw new UsageError('--dtype is for the training alone: add --only training');
}

/**
 * @param {unknown} value
 * @returns {import('../report/roofline.mjs').Rates}
 */
function rates(value) {
  const [flops = 0, bytes = 0, ...others] = String(value).split(',').map(Number);
  if (!(flops > 0 && bytes > 0 && others.length === 0)) {
    throw new UsageError(`--peak must be GFLOP/s and GB/s, as 3000,100, not "${value}"`);
  }
  return { flopsPerSecond: flops * 1e9, bytesPerSecond: bytes * 1e9 };
}

/**
 * Reads a row length: one of the lengths to which texts are padded, at least 64 tokens. Rows of other lengths would contain padding.
 * @param {unknown} value
 */
function lengthOf(value) {
  const lengths = Array.from({ length: 8 }, (_, n) => String(64 * 2 ** n));
  return Number(choice('length', value, lengths));
}
