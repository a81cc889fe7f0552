import { expect, test } from 'vitest';
import { candidatesFor } from '../../../src/gpu/choice/candidates';
import type { DeviceInfo } from '../../../src/gpu/device_host';
import { linearForward } from '../../../src/ops/products/linear';
import { GPU, LLVMPIPE } from '../../helpers/gpu/devices';
import { kernelOf, stepOf } from '../../helpers/gpu/tile_kernels';

const TILES = ['register', 'wide', 'workgroup', 'subgroup', 'row', 'row_serial'];
const steps = (count: number, kernel: ReturnType<typeof kernelOf>, rows: number) =>
  Array.from({ length: count }, (_, n) => stepOf(kernel, rows, n));

test("begins with the kernel that does most of the work, and with the table's variant", () => {
  const [small, large] = [kernelOf('small', TILES), kernelOf('large', TILES)];
  const found = candidatesFor([...steps(3, small, 100), ...steps(3, large, 200)], GPU);
  expect(found.map(({ kernel }) => kernel)).toEqual(['large', 'small']);
  for (const { variants } of found) expect(variants).toEqual(['workgroup', 'register', 'wide']);
});

test('leaves out variants for other kinds of devices', () => {
  const kernel = kernelOf('product', ['workgroup', 'workgroup_small', 'subgroup', 'serial']);
  const of = (info: DeviceInfo) => candidatesFor(steps(1, kernel, 40), info).map(({ variants }) => variants);
  expect(of(GPU)).toEqual([['workgroup_small', 'workgroup']]);
  expect(of(LLVMPIPE)).toEqual([['subgroup', 'workgroup', 'serial']]);
});

test('measures products in f16 only on a device of that arithmetic, in addition to those in f32', () => {
  const kernel = kernelOf('product', ['workgroup', 'workgroup_small', 'f16', 'f16_small']);
  const of = (rows: number, info: DeviceInfo) => candidatesFor(steps(1, kernel, rows), info)[0]?.variants;
  const asked: DeviceInfo = { ...GPU, features: ['shader-f16'] };
  expect(of(200, GPU)).toBeUndefined();
  expect(of(200, asked)).toEqual(['f16', 'workgroup']);
  expect(of(40, asked)).toEqual(['f16_small', 'workgroup', 'workgroup_small', 'f16']);
});

test('takes equal dispatches together, wherever their operands lie, and measures the two largest kinds', () => {
  const kernel = kernelOf('product', TILES);
  const all = [...steps(2, kernel, 100), ...steps(9, kernel, 30), ...steps(1, kernel, 50), ...steps(3, kernel, 100)];
  const [found] = candidatesFor(all, GPU);
  expect(found?.works.map(({ step, dispatches }) => [step.params.rows, dispatches])).toEqual([
    [100, 5],
    [30, 9],
  ]);
});

test('measures works that the table gives one variant', () => {
  const kernel = kernelOf('product', ['register', 'workgroup', 'workgroup_small']);
  const of = (...rows: number[]) => {
    const [found] = candidatesFor(
      rows.map((count) => stepOf(kernel, count)),
      GPU,
    );
    return [found?.works.map(({ step }) => step.params.rows), found?.variants];
  };
  expect(of(30, 100, 50)).toEqual([
    [100, 50],
    ['workgroup', 'register'],
  ]);
  expect(of(100, 30, 20)).toEqual([[100], ['workgroup', 'register']]);
  expect(of(30, 20)).toEqual([
    [30, 20],
    ['workgroup_small', 'register', 'workgroup'],
  ]);
});

test('records of one name count as one kernel, and the work of each record is measured', () => {
  const [whole, ragged] = [kernelOf('product', TILES), kernelOf('product', TILES)];
  const [found, ...others] = candidatesFor([stepOf(whole, 100), stepOf(ragged, 100), stepOf(whole, 100)], GPU);
  expect(others).toEqual([]);
  expect(found?.works.map(({ step, dispatches }) => [step.kernel === whole, dispatches])).toEqual([
    [true, 2],
    [false, 1],
  ]);
});

test('leaves out few rows, kernels without a choice, and kernels with too little work', () => {
  const big = kernelOf('big', TILES);
  const found = candidatesFor(
    [
      ...steps(1, big, 1000),
      ...steps(500, kernelOf('few', TILES), 4),
      ...steps(1, kernelOf('one', ['workgroup']), 900),
      ...steps(1, kernelOf('for_some', ['workgroup', 'subgroup']), 800),
      ...steps(1, kernelOf('tiny', TILES), 10),
    ],
    { ...GPU, features: [] },
  );
  expect(found.map(({ kernel, variants }) => [kernel, variants])).toEqual([['big', ['workgroup', 'register', 'wide']]]);
});

test('are fifteen at most, and never one alone', () => {
  const kernels = Array.from({ length: 5 }, (_, n) => kernelOf(`kernel ${n}`, TILES));
  const all = kernels.map((kernel, n) => stepOf(kernel, 1000 - n));
  expect(candidatesFor(all, LLVMPIPE).map(({ variants }) => variants.length)).toEqual([4, 4, 4, 3]);
  const odd = kernelOf('odd', ['register', 'wide', 'workgroup']);
  expect(candidatesFor([stepOf(odd, 2000), ...all], LLVMPIPE).map(({ variants }) => variants.length)).toEqual([
    3, 4, 4, 4,
  ]);
  const pair = kernelOf('pair', ['workgroup', 'serial']);
  expect(candidatesFor([stepOf(pair, 2000), ...all], LLVMPIPE).map(({ variants }) => variants.length)).toEqual([
    2, 4, 4, 4,
  ]);
});

test('a GPU of any vendor has all tiles measured that are not for few rows or software, those beyond its registers too', () => {
  const kernel = linearForward.kernel('vec4', 'f16');
  const params = { M: 896, K: 896, stride: 896, has_bias: 0, has_residual: 0 };
  const of = (N: number, vendor: string) =>
    candidatesFor([{ ...stepOf(kernelOf('linear', []), 1), kernel, params: { ...params, N } }], { ...GPU, vendor });
  const [register, wide, large, oblong, small] = [
    'register',
    'wide',
    'workgroup',
    'workgroup_oblong',
    'workgroup_small',
  ];
  for (const vendor of ['nvidia', 'amd', 'qualcomm', 'apple']) {
    expect(of(1024, vendor)).toMatchObject([{ variants: [large, register, wide, oblong] }]);
    expect(of(256, vendor)).toMatchObject([{ variants: [small, register, wide, large, oblong] }]);
  }
  expect(of(1024, 'intel')).toMatchObject([{ variants: [oblong, register, wide, large] }]);
  for (const vendor of ['arm', 'img-tec', '']) {
    for (const rows of [256, 1024]) {
      expect(of(rows, vendor)).toMatchObject([{ variants: [small, register, wide, large, oblong] }]);
    }
  }
});
