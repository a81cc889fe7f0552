import { expect, test } from 'vitest';
import { chooseVariant } from '../../src/gpu/choice';
import { APPLE, GPU, LLVMPIPE, SWIFTSHADER } from '../helpers/devices';
import { kernelOf, stepOf } from '../helpers/tile_kernels';

const product = kernelOf('product', ['register', 'wide', 'workgroup', 'subgroup', 'row', 'row_serial']);
/** What works row by row, with help from neighbours or without. */
const norm = kernelOf('norm', ['workgroup', 'serial']);

test.each([
  ['a GPU', GPU, 'workgroup', 'row', 'workgroup'],
  ['an Apple GPU', APPLE, 'register', 'row', 'workgroup'],
  ['SwiftShader', { ...SWIFTSHADER, features: [] }, 'wide', 'row_serial', 'serial'],
  ['SwiftShader with subgroups', SWIFTSHADER, 'subgroup', 'row_serial', 'serial'],
  ['llvmpipe', { ...LLVMPIPE, features: [] }, 'workgroup', 'row_serial', 'serial'],
  ['llvmpipe with subgroups', LLVMPIPE, 'subgroup', 'row_serial', 'serial'],
  [
    'a software adapter that nobody knows',
    { ...GPU, fallback: true, features: [] },
    'workgroup',
    'row_serial',
    'serial',
  ],
] as const)('%s', (_, info, many, few, rowByRow) => {
  expect(chooseVariant(stepOf(product, 256), info).name).toBe(many);
  expect(chooseVariant(stepOf(product, 1), info).name).toBe(few);
  expect(chooseVariant(stepOf(norm, 256), info).name).toBe(rowByRow);
});

test('what was chosen goes before the table, but for few rows and where it does not fit', () => {
  const choose = (chosen: Record<string, string>, rows = 256, info = GPU) =>
    chooseVariant(stepOf(product, rows), info, chosen).name;
  expect(choose({ product: 'wide' })).toBe('wide');
  expect(choose({ norm: 'serial' })).toBe('workgroup');
  expect(choose({ product: 'wide' }, 1)).toBe('row');
  expect(choose({ product: 'row' })).toBe('workgroup');
  expect(choose({ product: 'subgroup' })).toBe('subgroup');
  expect(choose({ product: 'subgroup' }, 256, { ...GPU, features: [] })).toBe('workgroup');
  expect(chooseVariant(stepOf(kernelOf('constructor', ['workgroup', 'serial']), 9), GPU, {}).name).toBe('workgroup');
});
