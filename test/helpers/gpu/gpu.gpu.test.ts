import { expect, test } from 'vitest';
import { expectNoGpuErrors, gpuDevice } from './gpu';

test('the test device has the default limits of WebGPU', () => {
  const { limits } = gpuDevice().device;
  expect(limits.maxStorageBufferBindingSize).toBe(128 * 1024 * 1024);
  expect(limits.maxStorageBuffersPerShaderStage).toBe(8);
  expect(limits.maxComputeWorkgroupStorageSize).toBe(16 * 1024);
});

test('a refused command fails the test that sent it', async () => {
  const { device } = gpuDevice();
  const tooBig = () => device.createBuffer({ size: device.limits.maxBufferSize + 4, usage: 0x80 });
  await expect(expectNoGpuErrors(tooBig)).rejects.toThrow();
  await expectNoGpuErrors(() => device.createBuffer({ size: 16, usage: 0x80 }).destroy());
});
