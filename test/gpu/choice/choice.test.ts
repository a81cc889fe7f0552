import { expect, test } from 'vitest';
import { chooseVariant, eligibleVariants, isWorthMeasuring } from '../../../src/gpu/choice/choice';
import type { DeviceInfo } from '../../../src/gpu/device_host';
import { attentionForward } from '../../../src/ops/attention/attention';
import { attentionBackward } from '../../../src/ops/attention/attention_backward';
import { linearForward, linearWeightBackward } from '../../../src/ops/products/linear';
import { sampleKernel } from '../../../src/ops/sample';
import { veraLambdaBackward } from '../../../src/ops/vera/lambda_products';
import { veraUpBackward } from '../../../src/ops/vera/low_rank_gradients';
import { APPLE, GPU, INTEL, LLVMPIPE, MALI, SWIFTSHADER, UNNAMED } from '../../helpers/gpu/devices';
import { kernelOf, stepOf } from '../../helpers/gpu/tile_kernels';

const product = kernelOf('product', ['register', 'wide', 'workgroup', 'subgroup', 'row', 'row_serial']);
/** A kernel that works row by row: in `workgroup` several threads share a row, in `serial` one thread computes it. */
const norm = kernelOf('norm', ['workgroup', 'serial']);

test.each([
  ['a GPU', GPU, 'workgroup', 'row', 'workgroup'],
  ['an Apple GPU', APPLE, 'workgroup', 'row', 'workgroup'],
  ['SwiftShader', { ...SWIFTSHADER, features: [] }, 'wide', 'row_serial', 'serial'],
  ['SwiftShader with subgroups', SWIFTSHADER, 'subgroup', 'row_serial', 'serial'],
  ['llvmpipe', { ...LLVMPIPE, features: [] }, 'workgroup', 'row_serial', 'serial'],
  ['llvmpipe with subgroups', LLVMPIPE, 'subgroup', 'row_serial', 'serial'],
  ['a software GPU that nobody knows', { ...GPU, fallback: true, features: [] }, 'workgroup', 'row_serial', 'serial'],
] as const)('%s', (_, info, many, few, rowByRow) => {
  expect(chooseVariant(stepOf(product, 256), info).name).toBe(many);
  expect(chooseVariant(stepOf(product, 1), info).name).toBe(few);
  expect(chooseVariant(stepOf(norm, 256), info).name).toBe(rowByRow);
});

test.each([
  ['SwiftShader', SWIFTSHADER],
  ['llvmpipe', LLVMPIPE],
])('%s holds heads of eight in registers', (_, software) => {
  const sizes = { B: 1, T: 64, H: 2, Hkv: 1, D: 8, scale: 1, window: 8, softcap: 0, causal: 1 };
  const backward = (of_keys: number, D = 8, info: DeviceInfo = software) =>
    chooseVariant({ kernel: attentionBackward, params: { ...sizes, D, of_keys } }, info);
  expect(chooseVariant({ kernel: attentionForward, params: sizes }, software).name).toBe('held');
  expect([backward(0).name, backward(1).name]).toEqual(['held', 'held']);
  expect(backward(1, 16).name).toBe('subgroup');
  expect(backward(1, 8, { ...software, features: [] }).name).toBe('serial');
});

test('subgroup tiles have a shader for products without bias and residual', () => {
  const kernel = linearForward.kernel('vec4', 'f32');
  const constants = (params: Record<string, number>) => {
    const { name, overrides } = chooseVariant({ kernel, params }, LLVMPIPE);
    expect(name).toBe('subgroup');
    return overrides;
  };
  const alone = { N: 64, M: 64, K: 64, stride: 64, has_bias: 0, has_residual: 0 };
  expect(constants(alone)).toEqual({ PLAIN: 1 });
  expect(constants({ ...alone, has_bias: 1 })).toEqual({});
  expect(constants({ ...alone, has_residual: 1 })).toEqual({});
});

/** Returns the kernel variant that is chosen for a matrix product on a device, and its grid of workgroups. */
function tiles(N: number, M: number, info: DeviceInfo) {
  const params = { N, M, K: 64, stride: 64, has_bias: 0, has_residual: 0 };
  const { name, workgroups } = chooseVariant({ kernel: linearForward.kernel('vec4', 'f32'), params }, info);
  return [name, workgroups(params)];
}

test('a GPU has smaller tiles for results that would have few, and software GPUs have not', () => {
  expect(tiles(508, 1020, GPU)).toEqual(['workgroup', [8, 16, 1]]);
  expect(tiles(508, 960, GPU)).toEqual(['workgroup_oblong', [8, 15, 1]]);
  expect(tiles(508, 512, GPU)).toEqual(['workgroup_oblong', [8, 8, 1]]);
  expect(tiles(508, 448, GPU)).toEqual(['workgroup_small', [16, 14, 1]]);
  expect(tiles(508, 960, { ...LLVMPIPE, features: [] })).toEqual(['workgroup', [8, 15, 1]]);
  expect(tiles(508, 448, { ...LLVMPIPE, features: [] })).toEqual(['workgroup', [8, 7, 1]]);
});

test('a GPU has the largest tiles that it has registers for', () => {
  const of = (info: DeviceInfo) => [tiles(508, 1020, info)[0], tiles(508, 512, info)[0], tiles(508, 448, info)[0]];
  const [large, oblong, small] = ['workgroup', 'workgroup_oblong', 'workgroup_small'];
  expect(of(APPLE)).toEqual([large, oblong, small]);
  expect(of(INTEL)).toEqual([oblong, oblong, small]);
  expect(of({ ...INTEL, architecture: 'xe-3lpg' })).toEqual([large, oblong, small]);
  expect(of(MALI)).toEqual([small, small, small]);
  expect(of(UNNAMED)).toEqual([small, small, small]);
});

test('products that reduce their tiles have the largest ones, even if they are few', () => {
  const sizes = { N: 512, R: 256, M0: 64, M1: 0, M2: 0, M3: 0, slice: 512 };
  const of = (info: DeviceInfo) => {
    const { name, workgroups } = chooseVariant(
      { kernel: veraLambdaBackward.kernel('vec4', 'f32'), params: sizes },
      info,
    );
    return [name, workgroups(sizes)];
  };
  expect([GPU, APPLE].map(of)).toEqual(Array(2).fill(['workgroup', [1, 4, 1]]));
  expect(of(INTEL)).toEqual(['workgroup_oblong', [1, 4, 1]]);
  expect([MALI, UNNAMED].map(of)).toEqual(Array(2).fill(['workgroup_least', [2, 8, 1]]));
});

test('a kernel that holds more than others has smaller tiles where registers are just enough', () => {
  const params = { N: 4096, R: 256, M0: 64, M1: 0, M2: 0 };
  const of = (info: DeviceInfo) => chooseVariant({ kernel: veraUpBackward.kernel('vec4', 'f32'), params }, info).name;
  expect([GPU, APPLE, INTEL, MALI].map(of)).toEqual([
    'workgroup',
    'workgroup_oblong',
    'workgroup_oblong',
    'workgroup_small',
  ]);
});

test("attention's gradient of values has workgroups of its own where registers are few", () => {
  const sizes = { B: 1, T: 64, H: 2, Hkv: 1, D: 64, scale: 1, window: 64, softcap: 0, causal: 1 };
  const forward = (info: DeviceInfo) => chooseVariant({ kernel: attentionForward, params: sizes }, info).name;
  const backward = (info: DeviceInfo, of_keys: number) => {
    const params = { ...sizes, of_keys };
    const { name, workgroups } = chooseVariant({ kernel: attentionBackward, params }, info);
    return [name, ...workgroups(params)];
  };
  // Mali's threads have too few registers for either forward variant, so Mali gets the variant that needs the fewest.
  expect([GPU, APPLE, INTEL, MALI, UNNAMED].map(forward)).toEqual(Array(5).fill('workgroup'));
  expect([backward(GPU, 0), backward(GPU, 1)]).toEqual([
    ['workgroup', 2, 2, 1],
    ['workgroup', 2, 1, 1],
  ]);
  for (const info of [APPLE, INTEL, MALI, UNNAMED]) {
    expect(backward(info, 0)).toEqual(['workgroup_apart', 2, 2, 1]);
    expect(backward(info, 1)).toEqual(['workgroup_apart', 4, 1, 1]);
  }
});

test('a chosen variant may need more registers than the device has', () => {
  const step = { kernel: linearForward.kernel('vec4', 'f32'), params: { N: 508, M: 1020, K: 64 } };
  expect(chooseVariant(step, INTEL, { linear: 'workgroup' }).name).toBe('workgroup');
});

test('a device of that arithmetic multiplies in f16 wherever a product may, except for few rows', () => {
  const asked = (info: DeviceInfo): DeviceInfo => ({ ...info, features: [...info.features, 'shader-f16'] });
  const kernel = linearForward.kernel('ragged', 'f16');
  const variant = (N: number, info: DeviceInfo, chosen = {}) => {
    const params = { N, M: 1020, K: 64, stride: 64, has_bias: 0, has_residual: 0 };
    return chooseVariant({ kernel, params }, info, chosen).name;
  };
  const devices = [GPU, APPLE, INTEL, SWIFTSHADER, LLVMPIPE];
  const small = 'f16_small';
  expect(devices.map((info) => variant(508, asked(info)))).toEqual(['f16', small, small, 'f16', 'f16']);
  expect(devices.map((info) => variant(444, asked(info)))).toEqual([small, small, small, 'f16', 'f16']);
  expect(devices.map((info) => variant(4, asked(info)))).toEqual(['row', 'row', 'row', 'row_serial', 'row_serial']);
  expect(variant(508, asked(GPU), { linear: 'register' })).toBe('register');
  // The chosen variant with small tiles can't be used for so large a result, so an f16 session uses its default.
  expect(variant(508, asked(GPU), { linear: 'workgroup_small' })).toBe('f16');
  expect(variant(508, GPU, { linear: 'f16' })).toBe('workgroup');
  expect(eligibleVariants({ kernel, params: { N: 508, M: 1020, K: 64 } }, GPU).map(({ name }) => name)).toEqual([
    'register',
    'wide',
    'workgroup',
    'workgroup_oblong',
    'subgroup',
  ]);
  // No device with subgroup matrices was available for tests, so they are used only if a page names them.
  const full: DeviceInfo = {
    ...asked(GPU),
    features: [...asked(GPU).features, 'chromium-experimental-subgroup-matrix'],
  };
  expect(variant(508, full)).toBe('f16');
  expect(isWorthMeasuring('subgroup_matrix', full)).toBe(false);
  expect(variant(508, full, { linear: 'subgroup_matrix' })).toBe('subgroup_matrix');
  expect(variant(508, asked(GPU), { linear: 'subgroup_matrix' })).toBe('f16');
  const gradient = linearWeightBackward.kernel('vec4', 'f32');
  expect(chooseVariant({ kernel: gradient, params: { N: 512, M: 1024, K: 1024 } }, asked(GPU)).name).toBe('workgroup');
});

test.each([
  ['SwiftShader', SWIFTSHADER],
  ['llvmpipe', LLVMPIPE],
])('%s samples with one thread from some thousand tokens, but no more', (_, software) => {
  const variant = (V: number) => chooseVariant({ kernel: sampleKernel, params: { B: 1, V, S: 1 } }, software).name;
  expect([variant(4096), variant(4097)]).toEqual(['serial', 'workgroup']);
  const names = (V: number) =>
    eligibleVariants({ kernel: sampleKernel, params: { B: 1, V, S: 1 } }, software).map(({ name }) => name);
  expect(names(4096)).toEqual(['workgroup', 'serial']);
  expect(names(4097)).toEqual(['workgroup']);
});

test('a chosen variant takes precedence over the table, except for few rows and if it does not fit', () => {
  const choose = (chosen: Record<string, string>, rows = 256, info = GPU) =>
    chooseVariant(stepOf(product, rows), info, chosen).name;
  expect(choose({ product: 'wide' })).toBe('wide');
  expect(choose({ norm: 'serial' })).toBe('workgroup');
  expect(choose({ product: 'wide' }, 1)).toBe('row');
  expect(choose({ product: 'row' })).toBe('workgroup');
  expect(choose({ product: 'subgroup' })).toBe('subgroup');
  expect(choose({ product: 'subgroup' }, 256, { ...GPU, features: [] })).toBe('workgroup');
  const small = kernelOf('small', ['register', 'workgroup', 'workgroup_small']);
  const ofSmall = (rows: number) => chooseVariant(stepOf(small, rows), APPLE, { small: 'workgroup_small' }).name;
  expect([ofSmall(40), ofSmall(256)]).toEqual(['workgroup_small', 'workgroup']);
  expect(chooseVariant(stepOf(kernelOf('constructor', ['workgroup', 'serial']), 9), GPU, {}).name).toBe('workgroup');
});
