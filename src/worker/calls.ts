import type { CallId, WorkerState } from './protocol';

/** The calls that run: each can be cancelled, and while there is one the session is busy. */
export class Calls {
  readonly #controllers = new Map<CallId, AbortController>();
  readonly #onState: (state: WorkerState) => void;
  #running = 0;

  constructor(onState: (state: WorkerState) => void) {
    this.#onState = onState;
  }

  /** Runs `body`; with an id it gets a signal that `cancel` aborts. */
  async run<T>(id: CallId | undefined, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (id !== undefined) this.#controllers.set(id, controller);
    this.#count(1);
    try {
      return await body(controller.signal);
    } finally {
      if (id !== undefined) this.#controllers.delete(id);
      this.#count(-1);
    }
  }

  cancel(id: CallId): void {
    this.#controllers.get(id)?.abort(new DOMException('The call was cancelled', 'AbortError'));
  }

  cancelAll(): void {
    for (const id of this.#controllers.keys()) this.cancel(id);
  }

  #count(change: number): void {
    const before = this.#running;
    this.#running += change;
    if (before === 0) this.#onState('busy');
    if (this.#running === 0) this.#onState('ready');
  }
}
