// Makes the output of `npm run shader`. Vite loads this module, because it imports TypeScript and WGSL.
import { WebVeraError } from '../../src/core/errors/error';
import { nearName } from '../../src/core/errors/near_name';
import { namedKernels, shaderFiles } from '../../test/helpers/gpu/kernels';

/** @typedef {import('../../src/core/kernels/kernel').AnyVariant} AnyVariant */
/** @typedef {import('../../test/helpers/gpu/kernels').NamedKernel} NamedKernel */

/** The suffix in the name of a matrix product's usual kernel: it reads vec4s, and its right operand is stored as f32. */
const USUAL = '.vec4.f32';

/**
 * Returns the text to print: for 'linear/workgroup' the compiled WGSL, with the name of each file before the file's text; for
 * 'linear' the names of the kernel's variants; and for '' the names of all kernels.
 * @param {string} asked
 */
export function shaderAnswer(asked) {
  const kernels = namedKernels();
  if (asked === '') return listRecords(kernels);
  const [record = '', variant, ...rest] = asked.split('/');
  const named = findRecord(kernels, record);
  const variants = labelled(named.kernel.variants);
  if (variant === undefined) return [...variants.keys()].map((label) => `${named.name}/${label}\n`).join('');
  const [, found] = findVariant(named, [variant, ...rest].join('/'));
  return textOf(found);
}

/** @param {NamedKernel} named @param {string} label @returns {[label: string, variant: AnyVariant]} */
export function findVariant({ name, kernel }, label) {
  const variants = labelled(kernel.variants);
  const found = variants.get(label);
  if (found !== undefined) return [label, found];
  throw new WebVeraError('not_found', `${name} has no variant ${label}`, {
    hint: `It has ${[...variants.keys()].join(', ')}.`,
  });
}

/** Whether a name without a suffix means this kernel: `linear` means `linear.vec4.f32`. @param {Pick<NamedKernel, 'name'>} named */
export function isUsual({ name }) {
  return !name.includes('.') || name.endsWith(USUAL);
}

/**
 * Returns a kernel's variants by their labels.
 * @param {readonly AnyVariant[]} variants
 * @returns {Map<string, AnyVariant>}
 */
export function labelled(variants) {
  return new Map(variants.map((variant) => [variant.label, variant]));
}

/** @param {AnyVariant} variant */
function textOf({ files, overrides }) {
  const paths = new Map(shaderFiles().map(({ text, path }) => [text, path]));
  const constants = Object.entries(overrides).map(([name, value]) => `// constant: ${name} = ${value}\n`);
  const parts = files.map((text) => `// file: ${paths.get(text)}\n${text}`);
  return `${constants.join('')}${parts.join('\n')}`;
}

/** @param {readonly NamedKernel[]} kernels @param {string} record */
export function findRecord(kernels, record) {
  const found = [record, `${record}${USUAL}`].map((name) => kernels.find((one) => one.name === name));
  const [named] = found.filter((one) => one !== undefined);
  if (named !== undefined) return named;
  const names = [...new Set(kernels.map(({ kernel }) => kernel.name))];
  const storages = kernels.filter(({ kernel }) => kernel.name === record.split('.')[0]).map(({ name }) => name);
  const near = storages.length > 0 ? storages : nearTo(record, names);
  throw new WebVeraError('not_found', `There is no record ${record}`, {
    hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are ${names.join(', ')}.`,
  });
}

/** @param {string} record @param {readonly string[]} names */
function nearTo(record, names) {
  const near = nearName(record, names);
  return near === undefined ? names.filter((name) => name.includes(record)) : [near];
}

/** @param {readonly NamedKernel[]} kernels */
function listRecords(kernels) {
  return [...new Set(kernels.map(({ kernel }) => kernel.name))].map((name) => `${name}\n`).join('');
}
