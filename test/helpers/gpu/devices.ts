import type { DeviceInfo } from '../../../src/gpu/device_host';

/* Devices, by their own descriptions. */

export const GPU: DeviceInfo = {
  vendor: 'nvidia',
  architecture: 'ampere',
  description: '',
  fallback: false,
  features: ['subgroups'],
};
export const APPLE: DeviceInfo = { ...GPU, vendor: 'apple', architecture: 'metal-3' };
export const INTEL: DeviceInfo = { ...GPU, vendor: 'intel', architecture: 'gen-12lp' };
export const MALI: DeviceInfo = { ...GPU, vendor: 'arm', architecture: 'valhall' };
/** Firefox describes every GPU like this. */
export const UNNAMED: DeviceInfo = { ...GPU, vendor: '', architecture: '' };
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
