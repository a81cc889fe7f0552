import { WebVeraError } from '../core/error';
import { DeviceHost } from '../gpu/device';
import { Executor } from '../gpu/executor';

/** The session's GPU, opened by the first call that computes. */
export class SessionDevice {
  readonly #gpu: GPU | undefined;
  readonly #onFailure: (error: WebVeraError) => void;
  #opened: Promise<Executor> | undefined;
  #closed = false;

  constructor(gpu: GPU | undefined, onFailure: (error: WebVeraError) => void) {
    this.#gpu = gpu;
    this.#onFailure = onFailure;
  }

  /** Throws `unsupported_device`; a later call tries again. */
  async executor(): Promise<Executor> {
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

  async close(): Promise<void> {
    this.#closed = true;
    const executor = await this.#opened?.catch(() => undefined);
    executor?.close();
  }

  async #open(): Promise<Executor> {
    const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
    return new Executor(await DeviceHost.open(this.#gpu ?? navigator?.gpu, this.#onFailure));
  }
}
