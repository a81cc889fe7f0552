import { Session } from 'webvera';

export interface SessionListener {
  onWarning(code: string, message: string): void;
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
    session.addEventListener('warning', ({ code, message }) => this.#listener.onWarning(code, message));
    session.addEventListener('statechange', () => {
      if (session.state !== 'closed') return;
      this.#opening = undefined;
      this.#listener.onClosed();
    });
    return session;
  }
}
