// The kernels that `npm run bench -- --only isa` compiles. Vite loads this module, because it imports TypeScript and WGSL.

import { findRecord, findVariant, isUsual, labelled } from '../../scripts/shader/shader_text.mjs';
import { isWorthMeasuring } from '../../src/gpu/choice/choice';
import { namedKernels } from '../../test/helpers/gpu/kernels';

/**
 * @typedef {object} NamedSource
 * @property {string} kernel the kernel's name, as in `namedKernels()`
 * @property {string} variant
 * @property {string} wgsl
 * @property {Readonly<Record<string, number>>} constants
 */
/** @typedef {import('../../test/helpers/gpu/kernels').NamedKernel} NamedKernel */

/** An arbitrary hardware GPU: `isWorthMeasuring` distinguishes only hardware GPUs from software GPUs. */
const A_GPU = /** @type {const} */ ({
  vendor: 'amd',
  architecture: '',
  description: '',
  fallback: false,
  features: [],
});

/**
 * @param {string} [asked] a kernel, such as 'linear', or one of its variants, such as 'linear/workgroup'. If a matrix product's name
 * has no suffix, its operands are f32, and their row lengths are multiples of 4. Default: all variants that hardware GPUs may use, and
 * those with subgroup matrices, which are used only if a page names them.
 * @returns {NamedSource[]}
 */
export function isaSources(asked) {
  const kernels = namedKernels();
  if (asked === undefined) return kernels.filter(isUsual).flatMap(ofGpus);
  const [record = ''] = asked.split('/');
  const named = findRecord(kernels, record);
  if (asked === record) return ofGpus(named);
  return [sourceOf(named, ...findVariant(named, asked.slice(record.length + 1)))];
}

/** @param {NamedKernel} named */
function ofGpus(named) {
  return [...labelled(named.kernel.variants)]
    .filter(([, { name }]) => name === 'subgroup_matrix' || isWorthMeasuring(name, A_GPU))
    .map((one) => sourceOf(named, ...one));
}

/**
 * @param {NamedKernel} named
 * @param {string} label
 * @param {import('../../src/core/kernels/kernel').AnyVariant} variant
 * @returns {NamedSource}
 */
function sourceOf({ name, kernel }, label, { wgsl, overrides }) {
  return { kernel: isUsual({ name }) ? kernel.name : name, variant: label, wgsl, constants: overrides };
}
