// Finds the variants that the library chooses for a GPU by default, for the kernels that do most of a training step's work. Vite loads
// this module, because it imports TypeScript and WGSL.

import { findRecord } from '../../../scripts/shader/shader_text.mjs';
import { chooseVariant } from '../../../src/gpu/choice/choice';
import { namedKernels } from '../../../test/helpers/gpu/kernels';

/** @typedef {import('../kernel_sources.mjs').NamedSource} NamedSource */
/** @typedef {import('../../../src/gpu/device_host').DeviceInfo} DeviceInfo */
/** @typedef {Readonly<Record<string, number>>} Sizes */

/** The sizes of a small model's training step: tokens, hidden size and VeRA's rank. */
const [TOKENS, WIDTH, RANK] = [512, 576, 256];
/** Numbers of columns of a result matrix. The widest matrix has many large tiles, the narrowest few. */
const COLUMNS = [1536, 576, 192];
const HEADS = { B: 1, T: TOKENS, H: 9, Hkv: 3, D: 64, scale: 1, window: TOKENS, softcap: 0, causal: 1 };

/** @type {Readonly<Record<string, (columns: number) => Sizes>>} by kernel: sizes of a dispatch whose result has `columns` columns */
const SIZES = {
  linear: (M) => ({ N: TOKENS, M, K: WIDTH, stride: WIDTH, has_bias: 0, has_residual: 0 }),
  linears: (M0) => ({ N: TOKENS, K: WIDTH, M0, M1: 0, M2: 0, stride: WIDTH }),
  rms_norm_linear: (R) => ({ N: TOKENS, C: WIDTH, R, stride: WIDTH }),
  swiglu_linears: (columns) => ({ N: TOKENS, K: WIDTH, M: columns / 2, stride: WIDTH }),
  turned_linears: (M0) => ({ N: TOKENS, K: WIDTH, M0, M1: 0, M2: 0, D: 64, stride: WIDTH }),
  linear_backward: (K) => ({ N: TOKENS, K, M0: WIDTH, M1: 0, M2: 0, stride: K }),
  swiglu_linear_backward: (K) => ({ N: TOKENS, K, M: WIDTH, R: RANK, stride: K }),
  linear_weight_backward: (K) => ({ N: TOKENS, M: WIDTH, K }),
  vera_linear: (M) => ({ N: TOKENS, M, K: WIDTH, R: RANK }),
  vera_linears: (M0) => ({ N: TOKENS, K: WIDTH, R: RANK, M0, M1: 0 }),
  vera_turned_linears: (M0) => ({ N: TOKENS, K: WIDTH, R: RANK, M0, M1: 0, D: 64 }),
  vera_swiglu_linears: (columns) => ({ N: TOKENS, M: columns / 2, K: WIDTH, R: RANK }),
  vera_linear_backward: (K) => ({ N: TOKENS, K, R: RANK, M0: WIDTH, M1: 0, M2: 0, stride: K }),
  // The results of the next two kernels always have R columns, so the argument determines their number of rows instead.
  vera_up_backward: (M0) => ({ N: 4 * M0, R: RANK, M0, M1: 0, M2: 0 }),
  rms_norm_up_backward: (columns) => ({ N: 4 * columns, C: WIDTH, R: RANK }),
  vera_lambda_backward: (M0) => ({ N: TOKENS, R: RANK, M0, M1: 0, M2: 0, M3: 0, slice: 128 }),
  vera_merge: (K) => ({ M0: WIDTH, M1: 0, M2: 0, M3: 0, K, R: RANK, stride: K }),
  vera_merge_backward: (K) => ({ M: WIDTH, K, R: RANK, stride: K }),
  attention: () => HEADS,
  attention_backward: () => ({ ...HEADS, of_keys: 1 }),
};

/** @typedef {{ kernel: string, picks: readonly (NamedSource & { columns: number })[] }} ChosenKernel */

/**
 * Returns the variants that the library chooses by default for result matrices of each width in `COLUMNS`. Operands are f32, and their row
 * lengths are multiples of 4.
 * @param {Pick<DeviceInfo, 'vendor' | 'architecture'>} info as a browser describes the GPU
 * @returns {ChosenKernel[]} each variant once, with the largest width for which it is chosen
 */
export function chosenKernels({ vendor, architecture }) {
  const info = { vendor, architecture, description: '', fallback: false, features: [] };
  const kernels = namedKernels();
  return Object.entries(SIZES).map(([name, sizesFor]) => {
    const { kernel } = findRecord(kernels, name);
    const picks = COLUMNS.map((columns) => {
      const { name: variant, wgsl, overrides } = chooseVariant({ kernel, params: sizesFor(columns) }, info);
      return { kernel: name, variant, wgsl, constants: overrides, columns };
    });
    const isNew = (/** @type {{ variant: string }} */ pick, /** @type {number} */ index) =>
      picks.findIndex(({ variant }) => variant === pick.variant) === index;
    return { kernel: name, picks: picks.filter(isNew) };
  });
}
