import type { Session } from '../index';

/** The codes of warnings that a session never writes to the console, because they report no fault. */
const NO_FAULT: readonly string[] = ['projection_not_saved', 'projection_drawn', 'fan_in_fan_out', 'new_head'];

/** The browser's state that all elements of a page share: whether the GPU was lost, and whether nothing can be stored. */
export class PageFacts {
  /** Whether the GPU was lost or blocked, and no model has been loaded since. */
  hasLostGpu = false;
  #hasNoStorage = false;
  readonly #heard = new WeakSet<Session>();

  /** Whether the browser stores nothing for this page, so that the trained adapters are lost when the page is closed. */
  get hasNoStorage(): boolean {
    return this.#hasNoStorage;
  }

  /** Listens to a session's warnings, and writes them to the console as the session does for a page that doesn't listen. */
  hear(session: Session): void {
    if (this.#heard.has(session)) return;
    this.#heard.add(session);
    session.addEventListener('warning', ({ code, message }) => {
      this.#hasNoStorage ||= code === 'storage_unavailable';
      if (!NO_FAULT.includes(code)) console.warn(`webvera: ${message} (${code})`);
    });
  }
}
