import { abortError, untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';
import type { SessionHost } from '../protocol';
import type { CallControl, CallId } from './call_protocol';

/** The calls in progress. A call with an id can be cancelled. The session is busy while any call is in progress. */
export class Calls implements CallControl {
  readonly #controllers = new Map<CallId, AbortController>();
  readonly #commits = new Map<CallId, () => void>();
  readonly #tokens = new Map<CallId, (token: string) => void>();
  readonly #emit: SessionHost['emit'];
  #running = 0;

  constructor(emit: SessionHost['emit']) {
    this.#emit = emit;
  }

  /** Runs `body` with a signal. With an id, `cancel` aborts that signal. */
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

  async cancel(id: CallId): Promise<void> {
    this.#controllers.get(id)?.abort(cancelled());
  }

  /**
   * Reports that a call's change is prepared. Resolves when the page commits the change; afterwards the change can't be cancelled.
   * Rejects with `signal.reason` when the call is cancelled instead. A call without an id can't be cancelled, so `ready` resolves
   * at once.
   */
  async ready(id: CallId | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (id === undefined) return;
    const committed = new Promise<void>((resolve) => this.#commits.set(id, resolve));
    try {
      this.#emit({ type: 'prepared', call: id });
      await untilAborted(committed, signal);
    } finally {
      this.#commits.delete(id);
    }
  }

  async commit(id: CallId): Promise<void> {
    this.#commits.get(id)?.();
  }

  /** Requests the hub's token from the page. Rejects with `signal.reason`, and with `gated_repo` after the call's end. */
  async token(id: CallId, signal: AbortSignal): Promise<string> {
    if (!this.#controllers.has(id)) throw tooLate();
    const given = new Promise<string>((resolve) => this.#tokens.set(id, resolve));
    try {
      this.#emit({ type: 'need_token', call: id });
      return await untilAborted(given, signal);
    } finally {
      this.#tokens.delete(id);
    }
  }

  async giveToken(id: CallId, token: string): Promise<void> {
    this.#tokens.get(id)?.(token);
  }

  cancelAll(): void {
    for (const controller of this.#controllers.values()) controller.abort(cancelled());
  }

  #count(change: number): void {
    const before = this.#running;
    this.#running += change;
    if (before === 0) this.#emit({ type: 'state', state: 'busy' });
    if (this.#running === 0) this.#emit({ type: 'state', state: 'ready' });
  }
}

/** The page can give the token only while the model loads. Another file may be read later. */
function tooLate(): WebVeraError {
  const message = 'The hub requires a token for this file, and only the load of a model can ask for the token';
  return new WebVeraError('gated_repo', message, { hint: "Download the file from the repository's page." });
}

function cancelled(): DOMException {
  return abortError('The call was cancelled');
}
