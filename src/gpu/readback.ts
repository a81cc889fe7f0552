import type { GpuCounters } from './counters';
import { type DeviceHost, deviceLost } from './device';
import { COPY_DST, MAP_READ, MAP_TO_READ } from './flags';
import type { Place } from './pinned_buffers';

/** Bytes. Steps and tokens read little, and often; what is larger (logits, weights) isn't worth keeping room for. */
const MAX_KEPT = 2 ** 20;
/** Bytes. */
const SMALL = 2 ** 12;
const OVERLAPPING = 4;

/** Copies values to the host through staging buffers that are used again. */
export class Readback {
  readonly #host: DeviceHost;
  readonly #counters: GpuCounters;
  readonly #idle = new Map<number, GPUBuffer[]>();
  readonly #all = new Set<GPUBuffer>();
  /** Firefox completes maps in quanta of 100 ms unless something is submitted meanwhile. */
  readonly #nudges = isFirefox();
  #waiting = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: DeviceHost, counters: GpuCounters) {
    this.#host = host;
    this.#counters = counters;
  }

  /** Queues the copy at once; resolves with the bytes of all places, one behind the other. */
  async read(places: readonly Place[]): Promise<ArrayBuffer> {
    this.#host.check();
    const bytes = places.reduce((sum, { size }) => sum + size, 0);
    const staging = this.#take(bytes);
    const encoder = this.#host.device.createCommandEncoder({ label: 'readback' });
    let end = 0;
    for (const { buffer, offset, size } of places) {
      encoder.copyBufferToBuffer(buffer, offset, staging, end, size);
      end += size;
    }
    this.#host.device.queue.submit([encoder.finish()]);
    this.#counters.submits += 1;
    this.#wait(1);
    try {
      await staging.mapAsync(MAP_TO_READ, 0, bytes);
    } catch (cause) {
      this.#host.check();
      throw deviceLost('The GPU device was lost before its results could be read', cause);
    } finally {
      this.#wait(-1);
    }
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    this.#giveBack(staging);
    // A device that failed while this was under way answers, but with nothing.
    this.#host.check();
    return copy;
  }

  /** Frees the staging buffers that wait to be used again. */
  trim(): void {
    for (const buffer of [...this.#idle.values()].flat()) this.#destroy(buffer);
    this.#idle.clear();
  }

  close(): void {
    this.#wait(-this.#waiting);
    for (const buffer of [...this.#all]) this.#destroy(buffer);
    this.#idle.clear();
  }

  #take(bytes: number): GPUBuffer {
    const size = bytes > MAX_KEPT ? bytes : 2 ** Math.ceil(Math.log2(Math.max(256, bytes)));
    const known = this.#idle.get(size)?.pop();
    if (known !== undefined) return known;
    // Small reads overlap; how many do so at a time is chance, and no later step should have to make another one.
    for (let spare = 1; size <= SMALL && spare < OVERLAPPING; spare++) this.#giveBack(this.#create(size));
    return this.#create(size);
  }

  #create(size: number): GPUBuffer {
    const buffer = this.#host.device.createBuffer({ label: 'staging', size, usage: MAP_READ | COPY_DST });
    this.#all.add(buffer);
    this.#counters.created(size);
    return buffer;
  }

  #giveBack(buffer: GPUBuffer): void {
    const idle = this.#idle.get(buffer.size) ?? [];
    if (buffer.size > MAX_KEPT) this.#destroy(buffer);
    else this.#idle.set(buffer.size, [...idle, buffer]);
  }

  #destroy(buffer: GPUBuffer): void {
    this.#all.delete(buffer);
    this.#counters.destroyed(buffer.size);
    buffer.destroy();
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

function isFirefox(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent?.includes('Firefox') ?? false;
}

/** Bytes one behind the other. */
export function joinBytes(pieces: readonly ArrayBuffer[]): ArrayBuffer {
  const joined = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let end = 0;
  for (const piece of pieces) {
    joined.set(new Uint8Array(piece), end);
    end += piece.byteLength;
  }
  return joined.buffer;
}
