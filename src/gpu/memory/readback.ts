import { type DeviceHost, deviceLost } from '../device_host';
import type { DeviceQueue } from '../device_queue';
import { MAP_TO_READ } from '../flags';
import { outOfMemory } from '../scopes';
import type { DeviceMemory } from './device_memory';
import type { BufferRange } from './pinned_buffers';
import { MAX_KEPT, StagingBuffers } from './staging';

/** A read from the device. Its copy is queued at once if it has at most `MAX_KEPT` bytes, and otherwise once its buffer is allocated. */
interface QueuedRead {
  /** Resolves once the copy is queued or has failed; undefined if it is queued already. */
  readonly queued: Promise<void> | undefined;
  readonly bytes: Promise<ArrayBuffer>;
}

/** Copies values to the host through staging buffers, which are reused. */
export class Readback {
  readonly #host: DeviceHost;
  readonly #queue: DeviceQueue;
  readonly #staging: StagingBuffers;
  /** Whether to submit empty work while reads wait: otherwise Firefox checks for finished maps only every 100 ms. */
  readonly #nudges = isFirefox();
  #waiting = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: DeviceHost, queue: DeviceQueue, memory: DeviceMemory) {
    this.#host = host;
    this.#queue = queue;
    this.#staging = new StagingBuffers(memory);
  }

  /**
   * Reads the bytes of all ranges, concatenated. `bytes` rejects with `out_of_memory` if there is no memory for them, and the device
   * remains usable.
   */
  read(places: readonly BufferRange[]): QueuedRead {
    const bytes = places.reduce((sum, { size }) => sum + size, 0);
    return this.#fetch(bytes, (encoder, staging) => {
      let end = 0;
      for (const { buffer, offset, size } of places) {
        encoder.copyBufferToBuffer(buffer, offset, staging, end, size);
        end += size;
      }
    });
  }

  /** Resolves once all submitted work is finished. */
  async done(): Promise<void> {
    // Not `onSubmittedWorkDone`: Firefox may resolve it 100 ms late, as it does for maps, and Deno has it only since 2025.
    await this.#fetch(4, (encoder, staging) => encoder.clearBuffer(staging, 0, 4)).bytes;
  }

  #fetch(bytes: number, encode: (encoder: GPUCommandEncoder, staging: GPUBuffer) => void): QueuedRead {
    const submit = (staging: GPUBuffer): Promise<ArrayBuffer> => {
      const encoder = this.#host.device.createCommandEncoder({ label: 'readback' });
      encode(encoder, staging);
      this.#queue.submit([encoder.finish()]);
      return this.#copy(staging, bytes);
    };
    try {
      this.#host.check();
      if (bytes <= MAX_KEPT) return { queued: undefined, bytes: submit(this.#staging.take(bytes)) };
    } catch (error) {
      return { queued: undefined, bytes: Promise.reject(error) };
    }
    const submitted = this.#takeLarge(bytes).then((staging) => ({ copied: submit(staging) }));
    return { queued: submitted.then(ignore, ignore), bytes: submitted.then(({ copied }) => copied) };
  }

  /** Allocates a buffer for a large read. Rejects with `out_of_memory`. */
  async #takeLarge(bytes: number): Promise<GPUBuffer> {
    const { device } = this.#host;
    device.pushErrorScope('out-of-memory');
    const staging = this.#staging.take(bytes);
    const error = await device.popErrorScope().catch((reason: unknown) => {
      this.#host.check();
      throw reason;
    });
    this.#host.check();
    if (error === null) return staging;
    this.#staging.giveBack(staging);
    throw outOfMemory(READING, error.message);
  }

  async #copy(staging: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    this.#wait(1);
    try {
      await staging.mapAsync(MAP_TO_READ, 0, bytes);
    } catch (cause) {
      this.#host.check();
      throw deviceLost('The GPU device was lost before its results could be read', cause);
    } finally {
      this.#wait(-1);
    }
    try {
      return staging.getMappedRange(0, bytes).slice(0);
    } catch (error) {
      // A page may have less memory than the GPU. The copy then throws a RangeError.
      throw error instanceof RangeError ? outOfMemory(READING, error.message) : error;
    } finally {
      staging.unmap();
      this.#staging.giveBack(staging);
      // A device that failed meanwhile still maps the buffer, but its contents are meaningless.
      this.#host.check();
    }
  }

  /** Frees the staging buffers that aren't in use. */
  trim(): void {
    this.#staging.trim();
  }

  close(): void {
    this.#wait(-this.#waiting);
    this.#staging.close();
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

const READING = 'reading results';

const ignore = (): void => {};

function isFirefox(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent?.includes('Firefox') ?? false;
}
