import { WebVeraError } from '../core/errors/error';
import type { Grid } from '../core/kernels/kernel';

/** A device's limits on bindings and grids. */
export class DeviceLimits {
  /** The largest binding in bytes. */
  readonly bindingBytes: number;
  readonly #workgroups: number;

  constructor({ maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupsPerDimension }: GPUSupportedLimits) {
    this.bindingBytes = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    this.#workgroups = maxComputeWorkgroupsPerDimension;
  }

  /** Throws `limit_exceeded` if this many bytes can't be bound. */
  checkBytes(name: string, bytes: number, hint: string): void {
    if (bytes <= this.bindingBytes) return;
    const message = `${name} has ${bytes} bytes, this GPU binds ${this.bindingBytes}`;
    throw new WebVeraError('limit_exceeded', message, { hint });
  }

  checkGrid(kernel: string, grid: Grid): void {
    if (grid.every((count) => count === undefined || count <= this.#workgroups)) return;
    throw new WebVeraError(
      'internal',
      `${kernel}: a grid of ${grid.join('×')} exceeds the device's ${this.#workgroups}`,
    );
  }
}
