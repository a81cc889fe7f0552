import { byteLength, type Value } from '../../graph/value';
import type { GpuCounters } from '../counters';
import { DeviceLimits } from '../device_limits';
import { COPY_DST, COPY_SRC, STORAGE } from '../flags';
import { PinnedBuffers } from './pinned_buffers';
import { SlotPool } from './slots';

/** A device, or a substitute that allocates nothing, for an estimate of the memory. */
export type BufferMaker = Pick<GPUDevice, 'createBuffer' | 'limits'>;

/** Creates and counts the buffers of one device. */
export class DeviceMemory {
  readonly limits: DeviceLimits;
  readonly pinned = new PinnedBuffers((value) => this.createFor(value));
  readonly slots = new SlotPool(
    (bytes) => this.create('slot', bytes),
    (buffer) => this.destroy(buffer),
  );
  readonly #device: BufferMaker;
  readonly #counters: GpuCounters;

  constructor(device: BufferMaker, counters: GpuCounters) {
    this.#device = device;
    this.#counters = counters;
    this.limits = new DeviceLimits(device.limits);
  }

  create(label: string, size: number, usage = STORAGE | COPY_SRC | COPY_DST): GPUBuffer {
    const buffer = this.#device.createBuffer({ label, size, usage });
    this.#counters.created(size);
    return buffer;
  }

  /** Throws `limit_exceeded` for a value that can't be bound. */
  createFor(value: Value): GPUBuffer {
    const bytes = byteLength(value);
    this.limits.checkBytes(value.name, bytes, 'Choose a smaller model, or one stored in float16.');
    return this.create(value.name, bytes);
  }

  destroy(buffer: GPUBuffer): void {
    this.#counters.destroyed(buffer.size);
    buffer.destroy();
  }
}
