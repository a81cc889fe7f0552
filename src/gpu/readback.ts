import type { GpuCounters } from './counters';
import { type DeviceHost, deviceLost } from './device';
import { COPY_DST, MAP_READ, MAP_TO_READ } from './flags';
import type { Place } from './pinned_buffers';

/** Bytes of the largest staging buffer that is kept. Steps and tokens read little, but often; logits and weights seldom. */
const MAX_KEPT = 2 ** 20;
/** Bytes up to which reads may overlap. */
const SMALL = 2 ** 12;
const OVERLAPPING = 4;

/** Copies values to the host through staging buffers, which it reuses. */
export class Readback {
  readonly #host: DeviceHost;
  readonly #counters: GpuCounters;
  readonly #idle = new Map<number, GPUBuffer[]>();
  readonly #all = new Set<GPUBuffer>();
  /** Firefox checks for finished maps only every 100 ms unless something is submitted meanwhile. */
  readonly #nudges = isFirefox();
  #waiting = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: DeviceHost, counters: GpuCounters) {
    this.#host = host;
    this.#counters = counters;
  }

  /** Queues the copy at once. Resolves with the bytes of all places, concatenated. */
  async read(places: readonly Place[]): Promise<ArrayBuffer> {
    const bytes = places.reduce((sum, { size }) => sum + size, 0);
    return this.#fetch(bytes, (encoder, staging) => {
      let end = 0;
      for (const { buffer, offset, size } of places) {
        encoder.copyBufferToBuffer(buffer, offset, staging, end, size);
        end += size;
      }
    });
  }

  /** Resolves once all that was submitted is done. */
  async done(): Promise<void> {
    // Not by `onSubmittedWorkDone`: Firefox may tell it 100 ms late, as it does of maps, and Deno has it since 2025 only.
    await this.#fetch(4, (encoder, staging) => encoder.clearBuffer(staging, 0, 4));
  }

  async #fetch(bytes: number, encode: (encoder: GPUCommandEncoder, staging: GPUBuffer) => void): Promise<ArrayBuffer> {
    this.#host.check();
    const staging = this.#take(bytes);
    const encoder = this.#host.device.createCommandEncoder({ label: 'readback' });
    encode(encoder, staging);
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
    // A device that failed meanwhile still maps the buffer, but its content is meaningless.
    this.#host.check();
    return copy;
  }

  /** Frees the staging buffers that aren't in use. */
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
    // How many small reads overlap varies. Spares are created with the first, so that no later step creates a buffer.
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

export function joinBytes(pieces: readonly ArrayBuffer[]): ArrayBuffer {
  const joined = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let end = 0;
  for (const piece of pieces) {
    joined.set(new Uint8Array(piece), end);
    end += piece.byteLength;
  }
  return joined.buffer;
}
