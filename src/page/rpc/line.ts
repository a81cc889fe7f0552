import { abortError } from '../../core/async/abort';
import { within } from '../../core/async/clock';
import { WebVeraError } from '../../core/errors/error';
import type { OpenOptions, WorkerEvent, WorkerSession } from '../../worker/protocol';
import type { Connection, ConnectionHost } from './connection';

export type Connect = (host: ConnectionHost, signal: AbortSignal | undefined) => Promise<Connection>;

/** The number of workers that may die in a row without having answered a call. */
const RESTARTS = 3;

/** The time limit, in milliseconds, of the calls that must be quick even while a model trains. */
const DEADLINE = 30_000;
const QUICK: ReadonlySet<keyof WorkerSession> = new Set([
  'open',
  'seal',
  'encode',
  'decode',
  'memory',
  'isStorePersistent',
  'listStored',
  'getStored',
  'importStored',
  'renameStored',
  'deleteStored',
  'wipeStored',
  'listRuns',
  'deleteRun',
  'listProfiles',
  'readProfile',
  'writeProfile',
  'deleteProfile',
  'deleteCheckpoints',
]);

/**
 * Calls a session's worker. If the worker dies, pending calls reject, so that none waits forever. A new worker then replaces it, opened
 * with the same options, and sealed (cut off from the network) if the old one was.
 */
export abstract class Line {
  readonly #pending = new Set<(error: unknown) => void>();
  readonly #life = new AbortController();
  #connect: Connect | undefined;
  #connection: Connection | undefined;
  #restarting: Promise<void> | undefined;
  /** Resolves when the last worker that died has released its locks. */
  #gone: Promise<void> | undefined;
  #deaths = 0;
  #options: OpenOptions = { store: 'auto' };
  #isSealed = false;
  /** Resolves when the session is closed. Set at the first call of `close`. */
  #closing: Promise<void> | undefined;
  /** The error with which later calls reject, set once calls are no longer possible. */
  #ended: WebVeraError | undefined;

  protected abstract onEvent(event: WorkerEvent): void;
  /** Called when the worker has died. Everything loaded in it is lost. */
  protected abstract onDeath(error: WebVeraError): void;
  /** Called when a new worker has replaced the one that died. */
  protected abstract onRestart(): void;
  /** Called when calls are no longer possible. */
  protected abstract onEnd(): void;

  /** Connects to a worker or to this thread, and opens the session there. If the worker dies later, a new one replaces it. */
  async open(connect: Connect, options: OpenOptions, signal?: AbortSignal | undefined): Promise<void> {
    this.#options = options;
    this.#connection = await connect(this.#host, signal);
    await this.request('open', options);
    this.#connect = connect;
  }

  /** Whether the session was opened to store in memory only. */
  get isMemoryOnly(): boolean {
    return this.#options.store === 'memory';
  }

  /** Aborts when calls are no longer possible. The reason is the error with which pending calls reject. */
  get ended(): AbortSignal {
    return this.#life.signal;
  }

  /** Makes one call. Rejects with `worker_crashed` when the worker dies first, and with `timeout` at the call's deadline. */
  async request<Name extends keyof WorkerSession>(
    name: Name,
    ...args: Parameters<WorkerSession[Name]>
  ): Promise<Awaited<ReturnType<WorkerSession[Name]>>> {
    if (this.#restarting !== undefined) await this.#restarting;
    const result = await this.#send(name, args);
    this.#deaths = 0;
    if (name === 'seal') this.#isSealed = true;
    return result;
  }

  /** Terminates the worker at once. */
  protected terminate(): void {
    void this.#connection?.terminate();
  }

  /** Rejects pending calls, gives the worker up to five seconds to clean up, and terminates it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#end(abortError('The session was closed'), closedError());
    const tidying = this.#connection?.invoke('close', []);
    // The worker is terminated even if the clean-up fails.
    if (tidying !== undefined) await within(5000, tidying, () => undefined).catch(() => {});
    this.terminate();
  }

  get #host(): ConnectionHost {
    return {
      emit: (event) => {
        if (this.#ended === undefined) this.onEvent(event);
      },
      onDeath: (error) => this.#replace(error),
    };
  }

  #send<Name extends keyof WorkerSession>(
    name: Name,
    args: Parameters<WorkerSession[Name]>,
  ): Promise<Awaited<ReturnType<WorkerSession[Name]>>> {
    type Result = Awaited<ReturnType<WorkerSession[Name]>>;
    const connection = this.#connection;
    if (this.#ended !== undefined || connection === undefined) return Promise.reject(this.#ended ?? closedError());
    return new Promise<Result>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const wait = (milliseconds: number): void => {
        timer = setTimeout(() => {
          // A worker that has announced a silence is busy, not stuck, so the call waits longer.
          const left = connection.silence?.() ?? 0;
          if (left > 0) wait(left);
          else reject(tooSlow(name));
        }, milliseconds);
      };
      if (!connection.isPatient && QUICK.has(name)) wait(DEADLINE);
      this.#pending.add(reject);
      connection
        .invoke(name, args)
        .then((result) => resolve(result as Result), reject)
        .finally(() => {
          clearTimeout(timer);
          this.#pending.delete(reject);
        });
    });
  }

  /** Replaces a worker that died by a new one. */
  #replace(error: WebVeraError): void {
    if (this.#ended !== undefined) return;
    this.#gone = this.#connection?.terminate();
    this.#connection = undefined;
    const connect = this.#connect;
    if (connect === undefined || this.#deaths === RESTARTS) {
      this.#end(error, error);
      return;
    }
    this.#rejectPending(error);
    if (this.#restarting !== undefined) return; // the restart in progress fails too, and handles the error
    this.#deaths += 1;
    this.onDeath(error);
    this.#restarting = this.#restart(connect).then(
      () => {
        this.#restarting = undefined;
        this.onRestart();
      },
      (failure: unknown) => {
        this.#restarting = undefined;
        const last = failure instanceof WebVeraError ? failure : error;
        this.#end(last, last);
        throw this.#life.signal.reason;
      },
    );
    this.#restarting.catch(() => {}); // later calls await it and get its error
  }

  async #restart(connect: Connect): Promise<void> {
    await this.#gone; // the dead worker's locks would block the runs that resume in the new one
    const connection = await connect(this.#host, this.#life.signal);
    if (this.#ended !== undefined) {
      void connection.terminate();
      throw this.#ended;
    }
    this.#connection = connection;
    try {
      await this.#send('open', [this.#options]);
      if (this.#isSealed) await this.#send('seal', []);
    } catch (error) {
      const hasDied = this.#connection !== connection && this.#ended === undefined;
      if (!hasDied) {
        // The session ends, so no other code would terminate this worker.
        void connection.terminate();
        this.#connection = undefined;
        throw error;
      }
      this.#deaths += 1;
      await this.#restart(connect);
    }
  }

  #rejectPending(error: unknown): void {
    for (const reject of this.#pending) reject(error);
    this.#pending.clear();
  }

  #end(pending: unknown, later: WebVeraError): void {
    if (this.#ended !== undefined) return;
    this.#ended = later;
    this.#rejectPending(pending);
    this.onEnd();
    this.#life.abort(pending);
  }
}

function closedError(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected an open session, got a closed one', {
    hint: 'Open a new one with Session.open(). Models belong to the session that loaded them.',
  });
}

function tooSlow(name: string): WebVeraError {
  return new WebVeraError('timeout', `${name}: expected an answer within ${DEADLINE / 1000} s, got none`, {
    retryable: true,
    hint: 'The worker is busy or stuck. If it stays so, close the session and open a new one.',
  });
}
