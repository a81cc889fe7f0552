import { gpuHost } from './gpu_host';

/** A `GPU` for sessions under test, and what they do with it. */
export interface SessionGpu {
  readonly gpu: GPU;
  /** How often a method of the device or its queue was called. */
  calls(...names: string[]): number;
  /** Bytes of the buffers that are alive, counted at the device itself. */
  liveBytes(): number;
  /** What happens when a driver crashes: the device's `lost` resolves. */
  lose(message: string): void;
}

/**
 * Gives a session the one device of this process, for Dawn in Node doesn't bear several. Destroying it destroys the
 * buffers that were made through it and nothing else.
 */
export function sessionGpu(): SessionGpu {
  const { device, info } = gpuHost();
  const counts = new Map<string, number>();
  const buffers = new Map<GPUBuffer, number>();
  const listeners: (() => void)[] = [];
  let lose: (info: GPUDeviceLostInfo) => void = () => {};
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
    lose = resolve;
  });

  const overrides: Record<string, unknown> = {
    lost,
    queue: counted(device.queue, counts),
    addEventListener(type: string, listener: EventListener) {
      device.addEventListener(type, listener);
      listeners.push(() => device.removeEventListener(type, listener));
    },
    createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
      counts.set('createBuffer', (counts.get('createBuffer') ?? 0) + 1);
      const buffer = device.createBuffer(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      buffers.set(buffer, descriptor.size);
      buffer.destroy = () => {
        buffers.delete(buffer);
        destroy();
      };
      return buffer;
    },
    destroy() {
      for (const buffer of [...buffers.keys()]) buffer.destroy();
      for (const forget of listeners) forget();
      lose({ reason: 'destroyed', message: '' } as GPUDeviceLostInfo);
    },
  };
  const adapter = { info, limits: device.limits, requestDevice: async () => counted(device, counts, overrides) };
  return {
    gpu: { requestAdapter: async () => adapter } as unknown as GPU,
    calls: (...names) => names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0),
    liveBytes: () => [...buffers.values()].reduce((sum, size) => sum + size, 0),
    lose: (message) => lose({ reason: 'unknown', message } as GPUDeviceLostInfo),
  };
}

/** The object with its calls counted by name; native methods insist on the object itself as `this`. */
function counted<T extends object>(target: T, counts: Map<string, number>, overrides: Record<string, unknown> = {}): T {
  return new Proxy(target, {
    get(_, name) {
      if (typeof name === 'string' && name in overrides) return overrides[name];
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
        return value.apply(target, args);
      };
    },
  });
}
