import { afterAll } from 'vitest';
import { create, globals } from 'webgpu';
import { DeviceHost } from '../../../src/gpu/device_host';
import { restAtEachTurn } from '../../../src/node/rest';
import { spending } from '../../times/spent';

interface Shared {
  /** Kept referenced: Dawn's objects crash once it is collected. */
  readonly gpu: GPU;
  readonly host: DeviceHost;
  readonly failures: string[];
}

const holder = globalThis as typeof globalThis & { webveraTestGpu?: Shared };

/** The one device of this test process, at WebGPU's default limits. */
export async function openGpuHost(): Promise<void> {
  if (holder.webveraTestGpu !== undefined) return;
  Object.assign(globalThis, globals);
  restAtEachTurn();
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('Dawn found no Vulkan driver: install mesa-vulkan-drivers');
  const features = (['subgroups'] as const).filter((feature) => adapter.features.has(feature));
  // What isn't taken unless it is asked for, so that `info` doesn't name it.
  const asked = (['shader-f16'] as const).filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures: [...features, ...asked] });
  const compile = device.createComputePipelineAsync.bind(device);
  device.createComputePipelineAsync = (descriptor) => spending('compiling', compile(descriptor));
  const { vendor, architecture, description } = adapter.info;
  const failures: string[] = [];
  const info = { vendor, architecture, description, fallback: false, features };
  const host = DeviceHost.adopt(device, info, (error) => failures.push(error.message));
  holder.webveraTestGpu = { gpu, host, failures };
}

export function gpuHost(): DeviceHost {
  if (holder.webveraTestGpu === undefined) throw new Error('openGpuHost was not called');
  return holder.webveraTestGpu.host;
}

afterAll(() => {
  const failures = holder.webveraTestGpu?.failures.splice(0) ?? [];
  if (failures.length > 0) throw new Error(`uncaptured GPU errors: ${failures.join('; ')}`);
});

await openGpuHost();
