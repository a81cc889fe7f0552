import { abortError } from '../core/abort';
import { within } from '../core/deadline';
import { WebVeraError } from '../core/error';
import type { CallId, OpenOptions, WorkerEvent, WorkerSession } from '../worker/protocol';
import type { Connection, ConnectionHost } from './connection';
import { ProfileLocks } from './profile/locks';

export type SessionState = 'ready' | 'busy' | 'recovering' | 'blocked' | 'closed';

/** What a session hears that belongs to no call. */
export interface LinkListener {
  onState(): void;
  onWarning(code: string, message: string): void;
  /** Something was first stored that outlives the page. */
  onKept(): void;
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

/** Milliseconds that a cancelled call may take to tidy up before it rejects anyway. */
const grace = 500;

/** Milliseconds after which a call is given up that must be quick even while a model trains. */
const deadlines: Partial<Record<keyof WorkerSession, number>> = {
  open: 30_000,
  seal: 30_000,
  encode: 30_000,
  decode: 30_000,
  memory: 30_000,
  listStored: 30_000,
  getStored: 30_000,
  importStored: 30_000,
  deleteStored: 30_000,
  wipeStored: 30_000,
  listRuns: 30_000,
  deleteRun: 30_000,
  listProfiles: 30_000,
  readProfile: 30_000,
  writeProfile: 30_000,
  deleteProfile: 30_000,
  deleteCheckpoints: 30_000,
};

/**
 * The page's end of a session: makes calls, hands events to the call they belong to, cancels, and sees to it that no
 * call stays pending when the other side is gone.
 */
export class Link {
  /** Of the profiles that are kept through it. */
  readonly profileLocks = new ProfileLocks(globalThis.navigator?.locks);
  readonly #listener: LinkListener;
  readonly #pending = new Set<(error: unknown) => void>();
  readonly #calls = new Map<CallId, (event: CallEvent) => void>();
  #connection: Connection | undefined;
  #store: OpenOptions['store'] | undefined;
  #nextCall = 1;
  #state: SessionState = 'ready';
  /** Why calls are no longer possible. */
  #ended: WebVeraError | undefined;
  readonly #life = new AbortController();

  constructor(listener: LinkListener) {
    this.#listener = listener;
  }

  /** Connects and opens the session on the other side. */
  async open(
    connect: (host: ConnectionHost) => Promise<Connection>,
    options: OpenOptions,
    signal?: AbortSignal | undefined,
  ): Promise<void> {
    this.#store = options.store;
    this.#connection = await connect({
      emit: (event) => this.#dispatch(event),
      onDeath: (error) => {
        this.#end(error, error);
        this.#connection?.terminate();
      },
    });
    try {
      await this.call(() => this.request('open', options), { signal });
    } catch (error) {
      this.#connection.terminate();
      throw error;
    }
  }

  /** Aborts when calls are no longer possible, with what those under way reject with. */
  get ended(): AbortSignal {
    return this.#life.signal;
  }

  /** Whether what is stored through it is meant to outlive the page. */
  get keeps(): boolean {
    return this.#store !== 'memory';
  }

  get state(): SessionState {
    return this.#state;
  }

  /** One call. Rejects with `worker_crashed` when the worker dies first, and `timeout` at its deadline. */
  request<Name extends keyof WorkerSession>(
    name: Name,
    ...args: Parameters<WorkerSession[Name]>
  ): Promise<Awaited<ReturnType<WorkerSession[Name]>>> {
    type Result = Awaited<ReturnType<WorkerSession[Name]>>;
    const connection = this.#connection;
    if (this.#ended !== undefined || connection === undefined) return Promise.reject(this.#ended ?? closedError());
    return new Promise<Result>((resolve, reject) => {
      const deadline = deadlines[name];
      const timer = deadline === undefined ? undefined : setTimeout(() => reject(tooSlow(name, deadline)), deadline);
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

  /**
   * Work that can be cancelled, by `signal` or by `fail`, and that may stream events. Cancelled, it rejects with the
   * signal's reason, or with what `fail` was given. Where it changes what is there, the worker tells when that is
   * prepared, and does it only if nobody has cancelled until then; from then on nobody can.
   */
  async call<T>(
    start: (call: CallId, fail: (error: unknown) => void) => Promise<T>,
    { signal, onEvent, discard }: CallHandling<T> = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const call = this.#nextCall++;
    return new Promise<T>((resolve, reject) => {
      /** Nothing cancels it any more. */
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
      start(call, fail)
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
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#end(abortError('The session was closed'), closedError());
    const tidying = this.#connection?.invoke('close', []);
    // Whether or not it could, it is ended.
    if (tidying !== undefined) await within(5000, tidying, () => undefined).catch(() => {});
    this.#connection?.terminate();
  }

  #end(pending: unknown, later: WebVeraError): void {
    if (this.#ended !== undefined) return;
    this.#ended = later;
    for (const reject of this.#pending) reject(pending);
    this.#pending.clear();
    this.#setState('closed');
    this.#life.abort(pending);
  }

  #dispatch(event: WorkerEvent): void {
    if (this.#ended !== undefined) return;
    if (event.type === 'state') this.#setState(event.state);
    else if (event.type === 'warning') this.#listener.onWarning(event.code, event.message);
    else if (event.type === 'kept') this.#listener.onKept();
    else this.#calls.get(event.call)?.(event);
  }

  #setState(state: SessionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.onState();
  }
}

function closedError(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected an open session, got a closed one', {
    hint: 'Open a new one with Session.open(). Models belong to the session that loaded them.',
  });
}

function tooSlow(name: string, deadline: number): WebVeraError {
  return new WebVeraError('timeout', `${name}: expected an answer within ${deadline / 1000} s, got none`, {
    retryable: true,
    hint: 'The worker is busy or stuck. If it stays so, close the session and open a new one.',
  });
}
