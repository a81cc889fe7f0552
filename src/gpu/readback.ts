import { WebVeraError } from '../core/error';
import type { GpuCounters } from './counters';
import type { DeviceHost } from './device';

/** Copies values to the host through staging buffers that are used again. */
export class Readback {
  readonly #host: DeviceHost;
  readonly #counters: GpuCounters;
  readonly #idle = new Map<number, GPUBuffer[]>();
  readonly #all = new Set<GPUBuffer>();
  readonly #nudges: boolean;
  #waiting = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param nudges Firefox completes maps in quanta of 100 ms unless something is submitted meanwhile. */
  constructor(host: DeviceHost, counters: GpuCounters, nudges: boolean) {
    this.#host = host;
    this.#counters = counters;
    this.#nudges = nudges;
  }

  /** Queues the copy at once; resolves with the bytes. */
  async read(source: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    this.#host.check();
    const size = 2 ** Math.ceil(Math.log2(Math.max(256, bytes)));
    const staging = this.#take(size);
    const encoder = this.#host.device.createCommandEncoder({ label: 'readback' });
    encoder.copyBufferToBuffer(source, 0, staging, 0, bytes);
    this.#host.device.queue.submit([encoder.finish()]);
    this.#counters.submits += 1;
    this.#wait(1);
    try {
      await staging.mapAsync(GPU_MAP_READ, 0, bytes);
    } catch (cause) {
      this.#host.check();
      throw new WebVeraError('device_lost', 'The GPU device was lost before its results could be read', {
        cause,
        retryable: true,
        hint: 'Open a new session and load the model again.',
      });
    } finally {
      this.#wait(-1);
    }
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    this.#idle.get(size)?.push(staging);
    // A device that failed while this was under way answers, but with nothing.
    this.#host.check();
    return copy;
  }

  close(): void {
    this.#wait(-this.#waiting);
    for (const buffer of this.#all) buffer.destroy();
  }

  #take(size: number): GPUBuffer {
    const idle = this.#idle.get(size) ?? [];
    this.#idle.set(size, idle);
    const known = idle.pop();
    if (known !== undefined) return known;
    const buffer = this.#host.device.createBuffer({ label: 'staging', size, usage: MAP_READ | COPY_DST });
    this.#all.add(buffer);
    this.#counters.created(size);
    return buffer;
  }

  #wait(change: number): void {
    this.#waiting += change;
    if (!this.#nudges) return;
    if (this.#waiting > 0) this.#timer ??= setInterval(() => this.#host.device.queue.submit([]), 1);
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}

// Node has no GPUBufferUsage and GPUMapMode.
const MAP_READ = 0x0001;
const COPY_DST = 0x0008;
const GPU_MAP_READ = 0x0001;
