import { afterEach, expect, test, vi } from 'vitest';
import { DeviceHost } from '../../src/gpu/device_host';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('a page over http gets a hint to https and localhost', async () => {
  vi.stubGlobal('isSecureContext', false);
  vi.stubGlobal('location', new URL('http://app.example:8080/page'));
  await expect(DeviceHost.open(undefined)).rejects.toMatchObject({
    code: 'insecure_context',
    message: "WebGPU was expected, but browsers disable it on http://app.example:8080, which isn't https",
    hint: expect.stringMatching(/https.*http:\/\/localhost/),
  });
});

test.each([true, undefined])('a browser without WebGPU gets an error: %s', async (isSecure) => {
  vi.stubGlobal('isSecureContext', isSecure);
  vi.stubGlobal('location', new URL('https://app.example/page'));
  await expect(DeviceHost.open(undefined)).rejects.toMatchObject({
    code: 'unsupported_device',
    message: 'WebGPU was expected, but this browser has no navigator.gpu',
  });
});

test('Node without WebGPU gets a hint to Dawn', async () => {
  await expect(DeviceHost.open(undefined)).rejects.toMatchObject({
    code: 'unsupported_device',
    message: 'WebGPU was expected, but there is no navigator.gpu',
    hint: expect.stringContaining('openDawn()'),
  });
});

const gpuThat = (requestAdapter: () => Promise<null>): GPU => ({ requestAdapter }) as unknown as GPU;

test('a refused adapter is reported with the browser’s reason', async () => {
  const cause = new DOMException('Instance dropped', 'OperationError');
  await expect(DeviceHost.open(gpuThat(() => Promise.reject(cause)))).rejects.toMatchObject({
    code: 'unsupported_device',
    message: 'A GPU adapter was expected, but the browser refused: Instance dropped',
    cause,
  });
});

test('f16 is requested from the adapter only for sessions of that arithmetic, and refused if it is missing', async () => {
  const opened: string[][] = [];
  const having = (...features: string[]): GPU => {
    const requestDevice = async ({ requiredFeatures = [] }: { requiredFeatures?: string[] }) => {
      opened.push(requiredFeatures);
      return { addEventListener: () => {}, lost: new Promise(() => {}), limits: {} };
    };
    const adapter = { features: new Set(features), info: {}, limits: {}, requestDevice };
    return { requestAdapter: async () => adapter } as unknown as GPU;
  };
  const both = having('shader-f16', 'subgroups', 'timestamp-query');
  const hosts = [await DeviceHost.open(both), await DeviceHost.open(both, { arithmetic: 'f16' })];
  expect(opened).toEqual([['subgroups'], ['subgroups', 'shader-f16']]);
  // These features are part of the key of a stored kernel choice.
  expect(hosts.map(({ adapter }) => adapter.features)).toEqual(opened);
  await expect(DeviceHost.open(having('subgroups'), { arithmetic: 'f16' })).rejects.toMatchObject({
    code: 'unsupported_device',
    message: 'A GPU adapter with shader-f16 was expected, but this one lacks it',
    hint: expect.stringContaining("arithmetic: 'f16'"),
  });
  expect(opened).toHaveLength(2);
});

test('subgroup matrices are requested together with f16, if their tile can run', async () => {
  const matrices = 'chromium-experimental-subgroup-matrix';
  const ofSize = (size: number, resultComponentType = 'f32') => ({
    componentType: 'f16',
    resultComponentType,
    M: size,
    N: size,
    K: size,
  });
  const featuresOf = async (subgroupMatrixConfigs: unknown, subgroupMaxSize = 64, arithmetic?: 'f16') => {
    const requestDevice = async () => ({ addEventListener: () => {}, lost: new Promise(() => {}), limits: {} });
    const info = { subgroupMaxSize, subgroupMatrixConfigs };
    const adapter = { features: new Set(['shader-f16', 'subgroups', matrices]), info, limits: {}, requestDevice };
    const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
    const { info: opened } = await DeviceHost.open(gpu, { arithmetic });
    return (opened.features as readonly string[]).includes(matrices);
  };
  expect(await featuresOf([ofSize(16, 'f16'), ofSize(16)], 64, 'f16')).toBe(true);
  expect(await featuresOf([ofSize(16)])).toBe(false);
  expect(await featuresOf([ofSize(16)], 128, 'f16')).toBe(false);
  expect(await featuresOf([ofSize(8), ofSize(16, 'f16')], 32, 'f16')).toBe(false);
  expect(await featuresOf(undefined, 32, 'f16')).toBe(false);
});

test('a missing adapter soon after a lost device means that the GPU is blocked, with the remaining time', async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const gpu = gpuThat(async () => null);
  await expect(DeviceHost.open(gpu, { lostAt: 1_000_000 - 45_500 })).rejects.toMatchObject({
    code: 'gpu_blocked',
    retryable: true,
    detail: { seconds_left: 75 },
    hint: expect.stringMatching(/^Try again in 75 s, or reload the page/),
  });
  const without = { code: 'unsupported_device', message: 'A GPU adapter was expected, but the browser returned none' };
  await expect(DeviceHost.open(gpu, { lostAt: 1_000_000 - 120_000 })).rejects.toMatchObject({
    code: 'gpu_blocked',
    detail: { seconds_left: 0 },
    hint: 'Restart the browser.',
  });
  await expect(DeviceHost.open(gpu)).rejects.toMatchObject(without);
});
