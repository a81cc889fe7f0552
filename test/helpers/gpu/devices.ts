import type { DeviceInfo } from '../../../src/gpu/device_host';

/* Devices as they describe themselves. */

export const GPU: DeviceInfo = {
  vendor: 'nvidia',
  architecture: 'ampere',
  description: '',
  fallback: false,
  features: ['subgroups'],
};
export const APPLE: DeviceInfo = { ...GPU, vendor: 'apple' };
export const SWIFTSHADER: DeviceInfo = {
  ...GPU,
  vendor: 'google',
  architecture: 'swiftshader',
  fallback: true,
};
export const LLVMPIPE: DeviceInfo = {
  ...GPU,
  vendor: 'mesa',
  architecture: '',
  description: 'llvmpipe (LLVM 19.1.7, 256 bits)',
};
