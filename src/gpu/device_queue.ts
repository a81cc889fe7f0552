import type { GpuCounters } from './counters';

/**
 * The most bytes that are written without a submit: 64 MiB. Firefox's wgpu copies each write into memory of its own. It frees that memory,
 * and a written buffer that was destroyed, only after a later submit. Without submits, a model would need twice its size while it loads.
 */
const MOST_UNSUBMITTED = 2 ** 26;

/** Writes and submits to the queue of a device, and counts both. */
export class DeviceQueue {
  readonly #queue: GPUQueue;
  readonly #counters: GpuCounters;
  /** Bytes that were written since the last submit. */
  #unsubmitted = 0;

  constructor({ queue }: Pick<GPUDevice, 'queue'>, counters: GpuCounters) {
    this.#queue = queue;
    this.#counters = counters;
  }

  write(buffer: GPUBuffer, offset: number, data: ArrayBufferView<ArrayBuffer>): void {
    this.#queue.writeBuffer(buffer, offset, data);
    this.#counters.uploadedBytes += data.byteLength;
    this.#unsubmitted += data.byteLength;
    // The write doesn't wait until the submit is finished, because the GPU copies the bytes faster than the browser wrote them.
    if (this.#unsubmitted > MOST_UNSUBMITTED) this.flush();
  }

  submit(commands: readonly GPUCommandBuffer[]): void {
    this.#queue.submit(commands);
    this.#counters.submits += 1;
    this.#unsubmitted = 0;
  }

  /** Submits the last writes, unless a submit has followed them. */
  flush(): void {
    if (this.#unsubmitted > 0) this.submit([]);
  }
}
