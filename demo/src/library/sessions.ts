import { Session } from 'webvera';

/** The reason why a training run can't continue. 'blocked': the browser withholds the GPU for a while. */
export type Trouble = 'recovering' | 'blocked';

export interface SessionListener {
  onWarning(code: string, message: string): void;
  /** The GPU or the worker was lost, with all models. Only a training run's model is loaded again, when the run recovers. */
  onFailed(message: string): void;
  /** The reason why a training run is waiting to recover; undefined once it has recovered. */
  onTrouble(trouble: Trouble | undefined): void;
  /** The session ended, with every model in it. */
  onClosed(): void;
}

/** Opens one session on first use, and another one after it has ended. */
export class Sessions {
  readonly #listener: SessionListener;
  #opening: Promise<Session> | undefined;

  constructor(listener: SessionListener) {
    this.#listener = listener;
  }

  get(): Promise<Session> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<Session> {
    const session = await Session.open();
    session.addEventListener('warning', ({ code, message }) => {
      if (code === 'device_lost' || code === 'worker_crashed') this.#listener.onFailed(message);
      else this.#listener.onWarning(code, message);
    });
    session.addEventListener('statechange', () => {
      const { state } = session;
      this.#listener.onTrouble(state === 'recovering' || state === 'blocked' ? state : undefined);
      if (state !== 'closed') return;
      this.#opening = undefined;
      this.#listener.onClosed();
    });
    return session;
  }
}
