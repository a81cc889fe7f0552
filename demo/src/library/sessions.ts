import { Session } from 'webvera';

/** 'blocked': the browser keeps the GPU from the page for a while. */
export type Trouble = 'recovering' | 'blocked';

export interface SessionListener {
  onWarning(code: string, message: string): void;
  /** The GPU or the worker gave up, and with it every model but that of a run, which goes on by itself. */
  onFailed(message: string): void;
  /** What a run is about that goes on by itself; undefined once it does. */
  onTrouble(trouble: Trouble | undefined): void;
  /** The session ended, and every model in it. */
  onClosed(): void;
}

/** One session at a time: opened on first use, and again after it has ended. */
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
