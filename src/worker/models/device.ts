import { WebVeraError } from '../../core/errors/error';
import type { Arithmetic } from '../../core/kernels/kernel';
import { DeviceHost, findAdapter } from '../../gpu/device_host';
import { Executor } from '../../gpu/executor';

export interface OpenDevice {
  readonly executor: Executor;
  readonly host: DeviceHost;
}

/** The session's GPU device. The first call that computes opens it. After a loss, the next such call opens a new device. */
export class SessionDevice {
  readonly #gpu: GPU | undefined;
  readonly #onFailure: (error: WebVeraError) => void;
  readonly #onOpen: (device: OpenDevice) => Promise<void>;
  readonly #arithmetic: Arithmetic | undefined;
  #opened: Promise<OpenDevice> | undefined;
  /** The time when the last device was lost, in milliseconds. */
  #lostAt: number | undefined;
  #closed = false;

  /** `onOpen` runs before the device is used. If it rejects, so does the call that opens the device. */
  constructor(
    gpu: GPU | undefined,
    onFailure: (error: WebVeraError) => void,
    onOpen: (device: OpenDevice) => Promise<void>,
    arithmetic?: Arithmetic,
  ) {
    this.#gpu = gpu;
    this.#onFailure = onFailure;
    this.#onOpen = onOpen;
    this.#arithmetic = arithmetic;
  }

  /**
   * Returns the device's executor, and opens the device if needed. Throws `unsupported_device`, `insecure_context`, or `gpu_blocked` after
   * GPU crashes. A later call tries again.
   */
  async executor(): Promise<Executor> {
    return (await this.open()).executor;
  }

  /** Opens the device if needed, as `executor` does, and returns it with its executor. */
  async open(): Promise<OpenDevice> {
    await this.#closeLost();
    if (this.#closed) throw new WebVeraError('invalid_argument', 'The session is closed', { hint: 'Open a new one.' });
    const opening = this.#opened ?? this.#open();
    this.#opened = opening;
    try {
      return await opening;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }

  /** Returns the GPU adapter with which a device would be opened. Throws as `executor` does. */
  async adapter(): Promise<GPUAdapter> {
    await this.#closeLost();
    return findAdapter(this.#here(), this.#lostAt);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const device = await this.#opened?.catch(() => undefined);
    device?.executor.close();
  }

  /** Closes a lost device. Later uses of its executor reject with the reason of the loss. */
  async #closeLost(): Promise<void> {
    const opening = this.#opened;
    const device = await opening?.catch(() => undefined);
    if (device?.host.failed !== true || this.#opened !== opening) return;
    this.#lostAt = device.host.lostAt ?? this.#lostAt;
    device.executor.close();
    this.#opened = undefined;
  }

  #here(): GPU | undefined {
    const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
    return this.#gpu ?? navigator?.gpu;
  }

  async #open(): Promise<OpenDevice> {
    const host = await DeviceHost.open(this.#here(), {
      onFailure: this.#onFailure,
      lostAt: this.#lostAt,
      arithmetic: this.#arithmetic,
    });
    const executor = new Executor(host);
    const device = { executor, host };
    try {
      await this.#onOpen(device);
      return device;
    } catch (error) {
      executor.close();
      throw error;
    }
  }
}
