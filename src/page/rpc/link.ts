import { WebVeraError } from '../../core/errors/error';
import type { CallId, OpenOptions, WorkerEvent, WorkerSession } from '../../worker/protocol';
import { type Connect, Line } from './line';
import type { StoreLocks } from './store_locks';

export type SessionState = 'ready' | 'busy' | 'recovering' | 'blocked' | 'closed';

/** Receives the session's events that belong to no call. */
interface LinkListener {
  onState(): void;
  onWarning(code: string, message: string): void;
  /** Data that outlives the page was stored for the first time. */
  onFirstStored(): void;
}

/** An event that belongs to a call. */
export type CallEvent = Extract<WorkerEvent, { readonly call: CallId }>;

export interface CallHandling<T> {
  readonly signal?: AbortSignal | undefined;
  /** If it throws, the call is cancelled and rejects with that error. */
  readonly onEvent?: ((event: CallEvent) => void) | undefined;
  /** Undoes a result that came after the call was cancelled. */
  readonly discard?: (late: T) => Promise<unknown>;
}

/** The errors by which loaded things were lost. A lost worker loses everything; a lost device loses what was on it. */
export interface Losses {
  readonly worker?: WebVeraError;
  readonly device?: WebVeraError;
}

/** A state that the page reports in place of the worker's. */
type Trouble = 'recovering' | 'blocked';

/** Milliseconds that a cancelled call may take to clean up before it rejects anyway. */
const grace = 500;

/** The page's side of a session: makes and cancels calls, passes events to their calls, and records what was lost. */
export class Link {
  /** Locks over the session's store. */
  readonly storeLocks: StoreLocks;
  readonly #listener: LinkListener;
  readonly #calls = new Map<CallId, (event: CallEvent) => void>();
  readonly #line: Line;
  readonly #life = new AbortController();
  /** The states that calls of `during` report, by call. */
  readonly #troubles = new Map<object, Trouble>();
  #nextCall = 1;
  #state: SessionState = 'ready';
  #losses: Losses = {};

  constructor(listener: LinkListener, storeLocks: StoreLocks) {
    this.#listener = listener;
    this.storeLocks = storeLocks;
    this.#line = new Line({
      onEvent: (event) => this.#dispatch(event),
      onDeath: (error) => this.#onDeath(error),
      onRestart: () => this.#setState('ready'),
      onEnd: (pending) => {
        this.#setState('closed');
        this.#life.abort(pending);
      },
    });
  }

  /** Connects and opens the session on the other side. If the worker dies later, a new one replaces it. */
  async open(connect: Connect, options: OpenOptions, signal?: AbortSignal | undefined): Promise<void> {
    try {
      await this.call(() => this.#line.open(connect, options, signal), { signal });
    } catch (error) {
      this.#line.terminate();
      throw error;
    }
  }

  /** Aborts when calls are no longer possible. The reason is the error with which pending calls reject. */
  get ended(): AbortSignal {
    return this.#life.signal;
  }

  /** Whether the session was opened to store in memory only. */
  get isMemoryOnly(): boolean {
    return this.#line.options.store === 'memory';
  }

  /** Whether the session's store outlives the page, and other tabs share it. */
  async isStoreShared(): Promise<boolean> {
    return !this.isMemoryOnly && this.request('isStorePersistent');
  }

  get state(): SessionState {
    if (this.#state === 'closed') return 'closed';
    return [...this.#troubles.values()].at(-1) ?? this.#state;
  }

  /** The last errors by which the worker and the device were lost. */
  get losses(): Losses {
    return this.#losses;
  }

  warn(code: string, message: string): void {
    this.#listener.onWarning(code, message);
  }

  /** One call. Rejects with `worker_crashed` when the worker dies first, and `timeout` at its deadline. */
  request<Name extends keyof WorkerSession>(
    name: Name,
    ...args: Parameters<WorkerSession[Name]>
  ): Promise<Awaited<ReturnType<WorkerSession[Name]>>> {
    return this.#line.request(name, ...args);
  }

  /** While `body` runs, the session has the state that `body` reports: 'recovering' at first. */
  async during<T>(body: (report: (trouble: Trouble) => void) => Promise<T>): Promise<T> {
    const key = {};
    const report = (trouble: Trouble): void => this.#change(() => this.#troubles.set(key, trouble));
    report('recovering');
    try {
      return await body(report);
    } finally {
      this.#change(() => this.#troubles.delete(key));
    }
  }

  /**
   * Starts a call that can be cancelled, by `signal` or by `fail`, and that may emit events. A cancelled call rejects
   * with the signal's reason or with the error given to `fail`. If the call changes something in the worker, the worker
   * first reports that the change is prepared. It makes the change only if the call isn't cancelled by then; afterwards
   * the call can't be cancelled.
   */
  async call<T>(
    start: (call: CallId, fail: (error: unknown) => void) => Promise<T>,
    { signal, onEvent, discard }: CallHandling<T> = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const call = this.#nextCall++;
    return new Promise<T>((resolve, reject) => {
      /** Whether the call can no longer be cancelled. */
      let settled = false;
      let failure: { readonly error: unknown } | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const fail = (error: unknown): void => {
        if (settled || failure !== undefined) return;
        failure = { error };
        timer = setTimeout(() => reject(error), grace);
        this.request('cancel', call).catch(() => {}); // if the worker is gone, so is the call
      };
      const onAbort = (): void => fail(signal?.reason);
      signal?.addEventListener('abort', onAbort);
      this.#calls.set(call, (event) => {
        if (failure !== undefined) return;
        if (event.type === 'prepared') {
          settled = true;
          this.request('commit', call).catch(() => {}); // if the worker is gone, so is the call
          return;
        }
        try {
          onEvent?.(event);
        } catch (error) {
          fail(error);
        }
      });
      // An async function, so that a synchronous throw of `start` rejects too.
      (async () => start(call, fail))()
        .finally(() => {
          settled = true;
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          this.#calls.delete(call);
        })
        .then(
          (result) => {
            if (failure === undefined) return resolve(result);
            discard?.(result).catch(() => {});
            reject(failure.error);
          },
          (error: unknown) => reject(failure === undefined ? error : failure.error),
        );
    });
  }

  /** Rejects what is pending, lets the worker tidy up for up to five seconds, and ends it. */
  close(): Promise<void> {
    return this.#line.close();
  }

  #onDeath(error: WebVeraError): void {
    this.#losses = { worker: error, device: error };
    this.#setState('recovering');
    this.#listener.onWarning('worker_crashed', `${error.message}. Another one is started; what was loaded is lost`);
  }

  #onLoss(message: string): void {
    const device = new WebVeraError('device_lost', message, { hint: 'Load the model again.', retryable: true });
    this.#losses = { ...this.#losses, device };
    this.#listener.onWarning('device_lost', message);
  }

  #dispatch(event: WorkerEvent): void {
    if (event.type === 'state') this.#setState(event.state);
    else if (event.type === 'warning') this.#listener.onWarning(event.code, event.message);
    else if (event.type === 'lost') this.#onLoss(event.message);
    else if (event.type === 'first_stored') this.#listener.onFirstStored();
    else this.#calls.get(event.call)?.(event);
  }

  #setState(state: SessionState): void {
    this.#change(() => {
      this.#state = state;
    });
  }

  #change(apply: () => void): void {
    const before = this.state;
    apply();
    if (this.state !== before) this.#listener.onState();
  }
}
