import { COPY_DST, MAP_READ } from '../flags';
import type { DeviceMemory } from './device_memory';

/**
 * The largest size in bytes of a staging buffer that is reused. Steps and tokens read little, but often; logits and weights are read
 * seldom.
 */
export const MAX_KEPT = 2 ** 20;
/** Reads of at most this many bytes may overlap, so spare buffers are created for them. */
const SMALL = 2 ** 12;
const OVERLAPPING = 4;

/** Buffers through which the host reads values. Small buffers are reused. */
export class StagingBuffers {
  readonly #memory: Pick<DeviceMemory, 'create' | 'destroy'>;
  readonly #idle = new Map<number, GPUBuffer[]>();
  readonly #all = new Set<GPUBuffer>();

  constructor(memory: Pick<DeviceMemory, 'create' | 'destroy'>) {
    this.#memory = memory;
  }

  /** Returns a buffer of at least `bytes` bytes. The caller must return it by `giveBack`. */
  take(bytes: number): GPUBuffer {
    const size = bytes > MAX_KEPT ? bytes : 2 ** Math.ceil(Math.log2(Math.max(256, bytes)));
    const known = this.#idle.get(size)?.pop();
    if (known !== undefined) return known;
    // The number of small reads that overlap varies. Spare buffers are created with the first one, so that no later step creates a buffer.
    for (let spare = 1; size <= SMALL && spare < OVERLAPPING; spare++) this.giveBack(this.#create(size));
    return this.#create(size);
  }

  giveBack(buffer: GPUBuffer): void {
    const idle = this.#idle.get(buffer.size) ?? [];
    if (buffer.size > MAX_KEPT) this.#destroy(buffer);
    else this.#idle.set(buffer.size, [...idle, buffer]);
  }

  /** Frees the buffers that aren't in use. */
  trim(): void {
    for (const buffer of [...this.#idle.values()].flat()) this.#destroy(buffer);
    this.#idle.clear();
  }

  /** Frees all buffers. */
  close(): void {
    for (const buffer of [...this.#all]) this.#destroy(buffer);
    this.#idle.clear();
  }

  #create(size: number): GPUBuffer {
    const buffer = this.#memory.create('staging', size, MAP_READ | COPY_DST);
    this.#all.add(buffer);
    return buffer;
  }

  #destroy(buffer: GPUBuffer): void {
    this.#all.delete(buffer);
    this.#memory.destroy(buffer);
  }
}
