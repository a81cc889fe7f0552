import type { DeviceInfo } from '../../../src/gpu/device_host';
import { gpuEvents, gpuHost } from '../gpu/gpu_host';

/** Invented facts that the device reports about itself instead of the real ones. */
export interface Pretence {
  /** The maximum size of a binding in bytes. */
  readonly bindingBytes?: number;
  /** The description of the device; its features stay the real ones. */
  readonly info?: DeviceInfo;
}

/** A `GPU` for sessions under test. It records how the session uses it. */
export interface SessionGpu {
  readonly gpu: GPU;
  /** Returns how often these methods of the device or its queue were called. */
  calls(...names: string[]): number;
  /** The labels of all created pipelines. */
  readonly pipelines: readonly string[];
  /** Returns the size of all existing buffers in bytes. */
  liveBytes(): number;
  /** Returns the size in bytes of all existing buffers except staging buffers for reads: the GPU memory that a model uses. */
  storageBytes(): number;
  /**
   * Returns the contents of the existing buffers of weights, vectors and inputs, by label. Buffers with the same label
   * are numbered in the order of their creation. Buffers for intermediate results and kernel parameters are left out.
   */
  contents(): Promise<Map<string, Uint8Array>>;
  /** Writes floats into the newest buffer with this label: for example NaN, which neither a file nor training would put there. */
  overwrite(label: string, offset: number, floats: readonly number[]): void;
  /** Delays all later reads that use a buffer of more than `bytes` bytes by this many milliseconds. */
  delayReads(milliseconds: number, bytes?: number): void;
  /** Makes the creation of buffers of more than `bytes` bytes fail for lack of memory, which the next error scope reports. */
  refuseBuffers(bytes: number): void;
  /** Makes all later reads return zeros until another device is opened, like reads from a device whose loss isn't reported yet. */
  blank(): void;
  /** Acts as if the driver had crashed: the device's `lost` resolves, and pending work rejects. */
  lose(message: string): void;
  /** Loses the device during the next call of this method. */
  loseDuring(method: 'popErrorScope' | 'createComputePipelineAsync', message: string): void;
}

/**
 * Gives a session the only device of this process, because Dawn in Node doesn't support several devices. `destroy` only
 * destroys the buffers that the session created.
 */
export function sessionGpu({ bindingBytes, info = gpuHost().info }: Pretence = {}): SessionGpu {
  const { device } = gpuHost();
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension } = device.limits;
  const limits = {
    maxBufferSize,
    maxStorageBufferBindingSize: bindingBytes ?? maxStorageBufferBindingSize,
    maxComputeWorkgroupsPerDimension,
  };
  const counts = new Map<string, number>();
  const buffers = new Map<GPUBuffer, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const listeners: (() => void)[] = [];
  const pipelines: string[] = [];
  let delay = { milliseconds: 0, bytes: 0 };
  let isBlank = false;
  let room = Number.POSITIVE_INFINITY;
  let isFull = false;
  let fatal: { readonly method: string; readonly info: GPUDeviceLostInfo } | undefined;
  /** Resolves the newest device's `lost`. */
  let lose: (info: GPUDeviceLostInfo) => void = () => {};

  const overrides: Record<string, unknown> = {
    limits,
    queue: counted(device.queue, count),
    addEventListener(type: string, listener: EventListener) {
      gpuEvents().addEventListener(type, listener);
      listeners.push(() => gpuEvents().removeEventListener(type, listener));
    },
    createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
      count('createBuffer');
      isFull ||= descriptor.size > room;
      const buffer = device.createBuffer(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      buffers.set(buffer, descriptor.size);
      buffer.destroy = () => {
        buffers.delete(buffer);
        destroy();
      };
      const map = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = async (...range) => {
        const { milliseconds, bytes } = delay;
        if (milliseconds > 0 && buffer.size > bytes) {
          await new Promise((resolve) => setTimeout(resolve, milliseconds));
          // In WebGPU, a pending read rejects with this error if its buffer is destroyed.
          if (!buffers.has(buffer)) throw new DOMException('The buffer is destroyed', 'AbortError');
        }
        return map(...range);
      };
      const mapped = buffer.getMappedRange.bind(buffer);
      buffer.getMappedRange = (...range) => (isBlank ? new ArrayBuffer(mapped(...range).byteLength) : mapped(...range));
      return buffer;
    },
    destroy() {
      for (const buffer of [...buffers.keys()]) buffer.destroy();
      for (const forget of listeners) forget();
      lose({ reason: 'destroyed', message: '' } as GPUDeviceLostInfo);
    },
  };
  const { features } = device;
  const requestDevice = async (): Promise<GPUDevice> => {
    const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
      lose = resolve;
    });
    fatal = undefined;
    isBlank = false;
    const orLost = <T>(method: string, work: Promise<T>): Promise<T> => {
      if (fatal?.method === method) lose(fatal.info);
      return Promise.race([
        lost.then(() => Promise.reject(new DOMException('Instance dropped', 'OperationError'))),
        work,
      ]);
    };
    return counted(device, count, {
      ...overrides,
      lost,
      popErrorScope: () => {
        const refusal = isFull ? { message: 'not enough memory left' } : undefined;
        isFull = false;
        return orLost(
          'popErrorScope',
          device.popErrorScope().then((error) => error ?? refusal ?? null),
        );
      },
      createComputePipelineAsync(descriptor: GPUComputePipelineDescriptor) {
        count('createComputePipelineAsync');
        pipelines.push(descriptor.label ?? '');
        return orLost('createComputePipelineAsync', device.createComputePipelineAsync(descriptor));
      },
    });
  };
  const adapter = { info, features, limits, requestDevice };
  return {
    gpu: { requestAdapter: async () => adapter } as unknown as GPU,
    pipelines,
    calls: (...names) => names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0),
    liveBytes: () => [...buffers.values()].reduce((sum, size) => sum + size, 0),
    storageBytes: () => {
      const storage = [...buffers].filter(([buffer]) => (buffer.usage & MAP_READ) === 0);
      return storage.reduce((sum, [, size]) => sum + size, 0);
    },
    contents: async () => {
      const contents = new Map<string, Uint8Array>();
      for (const buffer of buffers.keys()) {
        if ((buffer.usage & STORAGE) === 0 || buffer.label === 'slot') continue;
        let name = buffer.label;
        for (let count = 2; contents.has(name); count++) name = `${buffer.label} ${count}`;
        contents.set(name, await bytesIn(device, buffer));
      }
      return contents;
    },
    overwrite: (label, offset, floats) => {
      const buffer = [...buffers.keys()].findLast((each) => each.label === label);
      if (buffer === undefined) throw new Error(`expected a buffer ${label}`);
      device.queue.writeBuffer(buffer, 4 * offset, Float32Array.from(floats));
    },
    delayReads: (milliseconds, bytes = 0) => {
      delay = { milliseconds, bytes };
    },
    refuseBuffers: (bytes) => {
      room = bytes;
    },
    blank: () => {
      isBlank = true;
    },
    lose: (message) => lose({ reason: 'unknown', message } as GPUDeviceLostInfo),
    loseDuring: (method, message) => {
      fatal = { method, info: { reason: 'unknown', message } as GPUDeviceLostInfo };
    },
  };
}

// Node has no GPUBufferUsage.
const [MAP_READ, COPY_DST, STORAGE] = [0x0001, 0x0008, 0x0080];

async function bytesIn(device: GPUDevice, buffer: GPUBuffer): Promise<Uint8Array> {
  const staging = device.createBuffer({ size: buffer.size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(0x0001);
  const bytes = new Uint8Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return bytes;
}

/** Wraps an object so that calls of its methods are counted by name. Native methods need the object itself as `this`. */
function counted<T extends object>(
  target: T,
  count: (name: string) => void,
  overrides: Record<string, unknown> = {},
): T {
  return new Proxy(target, {
    get(_, name) {
      if (typeof name === 'string' && name in overrides) return overrides[name];
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        count(String(name));
        return value.apply(target, args);
      };
    },
  });
}
