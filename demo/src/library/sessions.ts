import { Session } from 'webvera';

export interface SessionListener {
  onWarning(code: string, message: string): void;
  /** The GPU gave up, and with it every model. The session opens it again for the next one. */
  onFailed(message: string): void;
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
      if (code === 'device_lost') this.#listener.onFailed(message);
      else this.#listener.onWarning(code, message);
    });
    session.addEventListener('statechange', () => {
      if (session.state !== 'closed') return;
      this.#opening = undefined;
      this.#listener.onClosed();
    });
    return session;
  }
}
