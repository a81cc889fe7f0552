import { setMaxListeners } from 'node:events';
import { afterAll } from 'vitest';
import { create, globals } from 'webgpu';
import { DeviceHost } from '../../../src/gpu/device_host';
import { restAtEachTurn } from '../../../src/node/rest';
import { spending } from '../../times/spent';

interface Shared {
  /** Dawn's other objects crash once `gpu` is garbage-collected. This reference prevents that. */
  readonly gpu: GPU;
  readonly host: DeviceHost;
  readonly failures: string[];
  /** Forwards the device's errors to the sessions of all tests. Dawn's device itself would warn about so many listeners. */
  readonly events: EventTarget;
}

const holder = globalThis as typeof globalThis & { webveraTestGpu?: Shared };

/** Opens the only device of this test process, with WebGPU's default limits. */
export async function openGpuHost(): Promise<void> {
  if (holder.webveraTestGpu !== undefined) return;
  Object.assign(globalThis, globals);
  restAtEachTurn();
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('Dawn found no Vulkan driver: install mesa-vulkan-drivers');
  const features = (['subgroups'] as const).filter((feature) => adapter.features.has(feature));
  // The device supports these features too, but `info` doesn't list them: a session uses them only if a test requests it.
  const asked = (['shader-f16'] as const).filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures: [...features, ...asked] });
  const compile = device.createComputePipelineAsync.bind(device);
  // For the same WGSL, Dawn returns the earlier pipeline unless it was garbage-collected. These references prevent that, so each
  // shader is compiled only once for all sessions.
  const pipelines = new Set<GPUComputePipeline>();
  device.createComputePipelineAsync = async (descriptor) => {
    const pipeline = await spending('compiling', compile(descriptor));
    pipelines.add(pipeline);
    return pipeline;
  };
  const { vendor, architecture, description } = adapter.info;
  const failures: string[] = [];
  const info = { vendor, architecture, description, fallback: false, features };
  const host = DeviceHost.adopt(device, info, (error) => failures.push(error.message));
  const events = new EventTarget();
  setMaxListeners(0, events);
  device.addEventListener('uncapturederror', ({ error }) => {
    events.dispatchEvent(Object.assign(new Event('uncapturederror'), { error }));
  });
  holder.webveraTestGpu = { gpu, host, failures, events };
}

function shared(): Shared {
  if (holder.webveraTestGpu === undefined) throw new Error('openGpuHost was not called');
  return holder.webveraTestGpu;
}

export const gpuHost = (): DeviceHost => shared().host;
export const gpuEvents = (): EventTarget => shared().events;

afterAll(() => {
  const failures = holder.webveraTestGpu?.failures.splice(0) ?? [];
  if (failures.length > 0) throw new Error(`uncaptured GPU errors: ${failures.join('; ')}`);
});

await openGpuHost();
