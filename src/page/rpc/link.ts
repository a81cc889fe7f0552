import { WebVeraError } from '../../core/errors/error';
import { wrong } from '../../core/errors/wrong';
import type { ProgressInfo } from '../../core/types/source';
import type { CallId, OpenOptions, WorkerEvent } from '../../worker/protocol';
import { type Connect, Line } from './line';
import type { StoreLocks } from './store_locks';

/**
 * 'ready': no call is in progress. 'busy': one or more are. 'recovering': a lost worker or GPU is being replaced. 'blocked': the browser
 * denies the page the GPU for a while. 'closed': the session has ended.
 */
export type SessionState = 'ready' | 'busy' | 'recovering' | 'blocked' | 'closed';

/** Receives the session's events that belong to no call. */
interface LinkListener {
  onState(): void;
  onWarning(code: string, message: string): void;
  /** Called when data that outlives the page was stored for the first time. */
  onFirstStored(): void;
}

/** An event that belongs to a call. */
export type CallEvent = Extract<WorkerEvent, { readonly call: CallId }>;

export interface CallHandling<T> {
  readonly signal?: AbortSignal | undefined;
  /** Receives the call's events. If it throws, the call is cancelled and rejects with that error. */
  readonly onEvent?: ((event: CallEvent) => void) | undefined;
  /** Receives the progress of a call that loads files. If it throws, the call is cancelled, as by an abort signal. */
  readonly progress_callback?: ((info: ProgressInfo) => void) | undefined;
  /** Returns the access token for the Hugging Face hub when the worker asks for it. If it throws, the call is cancelled. */
  readonly token?: (() => string | Promise<string>) | undefined;
  /** Disposes of a result that came after the call was cancelled. */
  readonly discard?: (late: T) => Promise<unknown>;
}

/**
 * The last errors that reported a lost worker and a lost device. Losing a worker loses everything that was loaded in it. Losing a device
 * loses everything on the GPU.
 */
export interface Losses {
  readonly worker?: WebVeraError;
  readonly device?: WebVeraError;
}

/** A state that the page reports instead of the worker's state. */
type Trouble = 'recovering' | 'blocked';

/** Milliseconds that a cancelled call may take to clean up before it rejects anyway. */
const grace = 500;

/** The page's side of a session: makes and cancels calls, passes events to their calls, and records what was lost. */
export class Link extends Line {
  /** Locks that protect the session's store. */
  readonly storeLocks: StoreLocks;
  readonly #listener: LinkListener;
  readonly #calls = new Map<CallId, (event: CallEvent) => void>();
  /** The states that calls of `during` report, one for each call in progress. */
  readonly #troubles = new Map<object, Trouble>();
  #nextCall = 1;
  #state: SessionState = 'ready';
  #losses: Losses = {};

  constructor(listener: LinkListener, storeLocks: StoreLocks) {
    super();
    this.#listener = listener;
    this.storeLocks = storeLocks;
  }

  override async open(connect: Connect, options: OpenOptions, signal?: AbortSignal | undefined): Promise<void> {
    try {
      await this.call(() => super.open(connect, options, signal), { signal });
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** Whether the session's store outlives the page, and other tabs share it. */
  async isStoreShared(): Promise<boolean> {
    return !this.isMemoryOnly && this.request('isStorePersistent');
  }

  get state(): SessionState {
    if (this.#state === 'closed') return 'closed';
    return [...this.#troubles.values()].at(-1) ?? this.#state;
  }

  /** The last errors that reported a lost worker and a lost device. */
  get losses(): Losses {
    return this.#losses;
  }

  warn(code: string, message: string): void {
    this.#listener.onWarning(code, message);
  }

  /** Runs `body`. Meanwhile the session's state is 'recovering', or the state that `body` reports. */
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
   * Starts a call that can be cancelled, by `signal` or by `fail`, and that may emit events. A cancelled call rejects with the signal's
   * reason or with the error given to `fail`. If the call changes something in the worker, the worker first reports that the change is
   * prepared. The worker makes the change only if the call hasn't been cancelled by then; afterwards the call can't be cancelled.
   */
  async call<T>(
    start: (call: CallId, fail: (error: unknown) => void) => Promise<T>,
    { signal, onEvent, progress_callback, token, discard }: CallHandling<T> = {},
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
        this.request('cancel', call).catch(() => {}); // a worker that has ended has no calls
      };
      const onAbort = (): void => fail(signal?.reason);
      signal?.addEventListener('abort', onAbort);
      this.#calls.set(call, (event) => {
        if (failure !== undefined) return;
        if (event.type === 'prepared') {
          settled = true;
          this.request('commit', call).catch(() => {}); // a worker that has ended has no calls
          return;
        }
        try {
          if (event.type === 'progress') progress_callback?.(event.info);
          else if (event.type === 'need_token') this.#giveToken(call, token).catch(fail);
          else onEvent?.(event);
        } catch (error) {
          fail(error);
        }
      });
      // In an async function, so that a synchronous exception of `start` rejects too.
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

  protected override onDeath(error: WebVeraError): void {
    this.#losses = { worker: error, device: error };
    this.#setState('recovering');
    this.#listener.onWarning('worker_crashed', `${error.message}. Another one is started; what was loaded is lost`);
  }

  protected override onRestart(): void {
    this.#setState('ready');
  }

  protected override onEnd(): void {
    this.#setState('closed');
  }

  #onLoss(message: string): void {
    const device = new WebVeraError('device_lost', message, { hint: 'Load the model again.', retryable: true });
    this.#losses = { ...this.#losses, device };
    this.#listener.onWarning('device_lost', message);
  }

  protected override onEvent(event: WorkerEvent): void {
    if (event.type === 'state') this.#setState(event.state);
    else if (event.type === 'warning') this.#listener.onWarning(event.code, event.message);
    else if (event.type === 'lost') this.#onLoss(event.message);
    else if (event.type === 'first_stored') this.#listener.onFirstStored();
    else this.#calls.get(event.call)?.(event);
  }

  async #giveToken(call: CallId, token: CallHandling<unknown>['token']): Promise<void> {
    const given = await token?.();
    if (typeof given !== 'string') throw wrong('token', 'a function that gives a string', typeof given);
    await this.request('giveToken', call, given);
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
