import { expect } from 'vitest';
import type { DeviceInfo } from '../../../src/gpu/device_host';
import { gpuHost } from './gpu_host';

/** Returns the shared device, which has WebGPU's default limits, and the description of its GPU adapter. */
export function gpuDevice(): { readonly device: GPUDevice; readonly adapterInfo: DeviceInfo } {
  const { device, info } = gpuHost();
  return { device, adapterInfo: info };
}

/** Runs `body` and expects no WebGPU error. */
export async function expectNoGpuErrors<T>(body: () => T | Promise<T>): Promise<T> {
  const { device } = gpuDevice();
  const kinds = ['validation', 'out-of-memory', 'internal'] as const;
  for (const kind of kinds) device.pushErrorScope(kind);
  try {
    return await body();
  } finally {
    const errors = await Promise.all(kinds.map(() => device.popErrorScope()));
    expect(errors.map((error) => error?.message).filter((message) => message !== undefined)).toEqual([]);
  }
}
