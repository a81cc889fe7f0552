import type { LoadedProgram, Program, Runner, RunnerUsage } from '../../graph/runner';
import { byteLength, shardsOf, type Value } from '../../graph/value';
import { totalFlops } from '../../graph/work';
import { GpuCounters } from '../counters';
import { STORAGE } from '../flags';
import { DeviceMemory } from './device_memory';
import { takeMemory } from './program_memory';
import { StagingBuffers } from './staging';

/** A runner without a device: it counts the memory that an executor would allocate for the same calls, and computes nothing. */
export class SizingRunner implements Runner {
  readonly maxBindingBytes: number;
  readonly isSoftware = false;
  readonly failure = new AbortController().signal;
  readonly #counters = new GpuCounters();
  readonly #memory: DeviceMemory;
  readonly #staging: StagingBuffers;
  #largest = 0;

  /**
   * Matrices larger than `maxBindingBytes` are split. Other values may have any size, and `largest` returns the size of the largest buffer.
   */
  constructor(maxBindingBytes: number) {
    this.maxBindingBytes = maxBindingBytes;
    const device = {
      limits: {
        maxStorageBufferBindingSize: Number.POSITIVE_INFINITY,
        maxBufferSize: Number.POSITIVE_INFINITY,
        maxComputeWorkgroupsPerDimension: Number.POSITIVE_INFINITY,
      } as GPUSupportedLimits,
      createBuffer: ({ size, usage }: GPUBufferDescriptor): GPUBuffer => {
        if ((usage & STORAGE) !== 0) this.#largest = Math.max(this.#largest, size);
        return { size, destroy() {} } as unknown as GPUBuffer;
      },
    };
    this.#memory = new DeviceMemory(device, this.#counters);
    this.#staging = new StagingBuffers(this.#memory);
  }

  /** The size in bytes of the largest buffer so far that kernels bind. */
  get largest(): number {
    return this.#largest;
  }

  /** The total size in bytes of the slots that programs share for transient values. */
  get slotBytes(): number {
    return this.#memory.slots.bytes;
  }

  usage(): RunnerUsage {
    return this.#counters.usage();
  }

  async allocate(values: Iterable<Value>): Promise<void> {
    for (const { value } of [...values].flatMap(shardsOf)) this.#memory.pinned.place(value);
  }

  write(value: Value): void {
    this.#memory.pinned.place(value);
  }

  async load(program: Program): Promise<LoadedProgram> {
    const held: (() => void)[] = [];
    const { placeOf } = takeMemory(program, this.#memory, held);
    for (const { values } of program.steps) for (const value of Object.values(values)) placeOf(value);
    return {
      program,
      flops: totalFlops(program.steps),
      ready: Promise.resolve(),
      release() {
        for (const give of held.splice(0)) give();
      },
    };
  }

  prepare(): void {}

  run(): void {}

  /** Returns no bytes, but allocates the staging buffer that a read would use. */
  async read(value: Value): Promise<ArrayBuffer> {
    const buffers = shardsOf(value).map((shard) => this.#staging.take(byteLength(shard.value)));
    return this.#giveBack(buffers);
  }

  async readAll(values: readonly Value[]): Promise<ArrayBuffer> {
    return this.#giveBack([this.#staging.take(values.reduce((sum, value) => sum + byteLength(value), 0))]);
  }

  free(values: Iterable<Value>): void {
    for (const { value } of [...values].flatMap(shardsOf)) {
      const buffer = this.#memory.pinned.take(value);
      if (buffer !== undefined) this.#memory.destroy(buffer);
    }
  }

  /** Gives the buffers back, but not at once, because reads that start together occupy their buffers together. */
  async #giveBack(buffers: readonly GPUBuffer[]): Promise<ArrayBuffer> {
    await Promise.resolve();
    for (const buffer of buffers) this.#staging.giveBack(buffer);
    return new ArrayBuffer(0);
  }
}
