import { findAdapter, type GpuProblem, surroundings } from '../../../src/parts/find_adapter';

export interface DeviceCheck {
  readonly usable: boolean;
  /** The name of the device, or the reason why the page can't use one. */
  readonly description: string;
  /** Whether the processor computes in place of a GPU, which is slow. */
  readonly software: boolean;
}

const PROBLEMS: Readonly<Record<GpuProblem, string>> = {
  insecure_page: 'WebGPU needs a secure address, and this page has none.',
  no_webgpu: 'It has no WebGPU, with which pages compute on the graphics card.',
  no_adapter: 'It has WebGPU, but gives this page no graphics card.',
};

/** Checks whether models can be loaded here. Requests an adapter and releases it. */
export async function checkDevice(): Promise<DeviceCheck> {
  const found = await findAdapter(surroundings());
  if (typeof found === 'string') return { usable: false, description: PROBLEMS[found], software: false };
  const { vendor, architecture, description, isFallbackAdapter } = found.info;
  const name = description || [vendor, architecture].filter((part) => part !== '').join(' ') || 'the graphics card';
  const software = isFallbackAdapter === true || /swiftshader|llvmpipe|software/i.test(name + architecture);
  return { usable: true, description: name, software };
}
