import { type Endpoint, type Remote, releaseProxy, wrap } from 'comlink';
import { within } from '../../core/async/clock';
import { WebVeraError } from '../../core/errors/error';
import { type ChatQuestion, isChatMessage } from '../../core/types/chat';
import { errorFromData, HEARTBEAT, isWorkerMessage, type Outcome, toKnownError } from '../../core/types/wire';
import { VERSION } from '../../core/version';
import type { WorkerEnd, WorkerEvent, WorkerSession } from '../../worker/protocol';
import type { ChatThread } from './chat_thread';
import { Heartbeat } from './heartbeat';
import { startClock, startLimit } from './start_clock';

/** Calls a session in a worker or in this thread. */
export interface Connection {
  /**
   * Calls a method of the session. Rejects with an `AbortError` or a `WebVeraError`. If the worker dies, the promise never settles: see
   * `onDeath`.
   */
  invoke(name: keyof WorkerSession, args: readonly unknown[]): Promise<unknown>;
  /**
   * Returns the milliseconds left of a silence that the worker has announced, because it does work during which it can't answer. Absent for
   * a session in this thread.
   */
  silence?(): number;
  /** Whether calls have no deadlines. */
  readonly isPatient?: boolean;
  /**
   * Terminates the worker at once. Resolves when the worker has ended and its locks are released, which may take some seconds if it is
   * stuck, but after five seconds at the latest. Does nothing for a session in this thread.
   */
  terminate(): Promise<void>;
}

export interface ConnectionHost {
  emit(event: WorkerEvent): void;
  /** Called when the worker has ended or is stuck: pending calls get no answer. */
  onDeath(error: WebVeraError): void;
}

/** The part of `Worker` that a connection uses. */
export interface WorkerLike extends Endpoint {
  terminate(): void;
}

interface ConnectOptions {
  readonly locks?: Pick<LockManager, 'request'> | undefined;
  /** Milliseconds within which the worker must report that it is ready. Default: a minute, or `patience` if that is longer. */
  readonly handshake?: number;
  /** Seconds for which the worker may be silent while a call is pending. Default: 4. */
  readonly patience?: number;
  readonly signal?: AbortSignal | undefined;
  /** Renders the worker's chat templates. Terminated together with the worker. */
  readonly chats?: Pick<ChatThread, 'render' | 'end'>;
}

type WorkerCall = (name: string, args: readonly unknown[]) => Promise<Outcome>;

/** Starts a worker. Rejects with `worker_crashed` if that fails. `start` is asynchronous in embed.js, which fetches the script first. */
export async function startWorker(
  start: (name?: string, signal?: AbortSignal) => Worker | Promise<Worker>,
  name: string | undefined,
  signal?: AbortSignal,
): Promise<Worker> {
  try {
    return await start(name, signal);
  } catch (error) {
    if (error instanceof WebVeraError || signal?.aborted) throw error;
    throw new WebVeraError('worker_crashed', `The worker could not be started: ${toKnownError(error).message}`, {
      hint: 'Does the Content-Security-Policy allow it (worker-src)? Trusted Types must allow the policy `webvera`. A function given as `worker` must start a script of your own origin. Bundlers must write ES modules (esbuild: `--format=esm`).',
      cause: error,
    });
  }
}

/** Waits until the worker is ready, then monitors it. Rejects with `worker_crashed` if it doesn't become ready. */
export async function connectWorker(
  worker: WorkerLike,
  host: ConnectionHost,
  options: ConnectOptions = {},
): Promise<Connection> {
  const {
    locks = globalThis.navigator?.locks,
    patience = 4,
    handshake = startLimit(patience),
    signal,
    chats,
  } = options;
  const watch = new AbortController();
  const remote: Remote<WorkerCall> = wrap<WorkerCall>(worker);
  const look = (): void => worker.postMessage(HEARTBEAT);
  const onSilence = (seconds: number): void => host.onDeath(crashed(`it has been silent for ${seconds} s`, RESTARTED));
  const heartbeat = new Heartbeat({ look, onSilence }, patience);
  let gone: Promise<void> | undefined;
  const terminate = async (): Promise<void> => {
    if (!watch.signal.aborted) {
      watch.abort();
      chats?.end();
      heartbeat.stop();
      remote[releaseProxy]();
      worker.terminate();
    }
    if (gone !== undefined) await within(5000, gone, () => undefined).catch(() => {});
  };
  listen(worker, watch.signal, 'message', ({ data }: MessageEvent<unknown>) => {
    if (!isChatMessage<ChatQuestion>(data, 'chat')) return;
    const { id, template, chat } = data;
    void chats?.render(template, chat).then((outcome) => worker.postMessage({ webvera: 'written', id, outcome }));
  });
  try {
    const lock = await greet(worker, host, heartbeat, watch.signal, { handshake, signal });
    if (lock !== null && locks !== undefined) gone = watchLock(locks, lock);
    gone?.then(() => {
      if (!watch.signal.aborted) host.onDeath(crashed('it has ended', RESTARTED));
    });
  } catch (error) {
    void terminate();
    throw error;
  }
  return {
    terminate,
    silence: () => heartbeat.announced,
    isPatient: patience === Number.POSITIVE_INFINITY,
    async invoke(name, args) {
      const answer: Promise<Outcome> = remote(name, args);
      const outcome = await heartbeat.during(answer).catch((error: unknown) => {
        throw toKnownError(error); // an argument or a result that can't be cloned
      });
      if ('error' in outcome) throw errorFromData(outcome.error);
      return outcome.value;
    },
  };
}

/** Returns a connection to a session in this thread. */
export function connectDirectly(session: WorkerEnd): Connection {
  return {
    async terminate() {},
    async invoke(name, args) {
      try {
        return await session.invoke(name, args);
      } catch (error) {
        throw toKnownError(error);
      }
    },
  };
}

/** Listens to the worker until `watch` aborts. Resolves with the name of the worker's lock once the worker is ready. */
function greet(
  worker: WorkerLike,
  host: ConnectionHost,
  heartbeat: Heartbeat,
  watch: AbortSignal,
  { handshake, signal }: Required<Pick<ConnectOptions, 'handshake' | 'signal'>>,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stopped = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', stopped, { once: true, signal: watch });
    const late = (): void => reject(crashed(`it wasn't ready within ${handshake / 1000} s`, `${UNREACHED}${SLOW}`));
    const callOff = startClock.after(handshake, late);
    watch.addEventListener('abort', callOff, { once: true });

    let isReady = false;
    const dead = (reason: string): void => {
      const error = crashed(reason, isReady ? RESTARTED : UNREACHED);
      reject(error);
      host.onDeath(error);
    };
    listen(worker, watch, 'message', ({ data }: MessageEvent<unknown>) => {
      heartbeat.heard();
      if (!isWorkerMessage(data) || data.webvera === 'alive' || isChatMessage<ChatQuestion>(data, 'chat')) return;
      if (data.webvera === 'quiet') return heartbeat.expectQuiet(data.seconds);
      if (data.webvera === 'event') return host.emit(data.event as WorkerEvent);
      isReady = true;
      callOff();
      signal?.removeEventListener('abort', stopped);
      if (data.version === VERSION) resolve(data.lock);
      else reject(crashed(`expected version ${VERSION}, got ${data.version}: is an old worker.js in a cache?`, RELOAD));
    });
    listen(worker, watch, 'error', (event: ErrorEvent) => {
      event.preventDefault?.();
      dead(event.message || (isReady ? 'it has failed' : 'its script could not be loaded'));
    });
    listen(worker, watch, 'messageerror', () => dead('it sent a message that could not be read'));
    worker.start?.();
  });
}

/** Resolves when the worker has ended. The worker holds this lock until then, so it is granted here only afterwards. */
function watchLock(locks: Pick<LockManager, 'request'>, name: string): Promise<void> {
  return new Promise((resolve) => {
    locks.request(name, () => resolve()).catch(() => {}); // without Web Locks the end of a worker can't be detected this way
  });
}

function listen<E>(worker: WorkerLike, watch: AbortSignal, type: string, listener: (event: E) => void): void {
  const heard = listener as unknown as EventListener;
  worker.addEventListener(type, heard);
  watch.addEventListener('abort', () => worker.removeEventListener(type, heard), { once: true });
}

const RELOAD = 'Reload the page: its site may have a new version.';
const UNREACHED =
  'Open a new session, or reload the page: its site may have a new version. If it keeps happening: is worker.js served beside webvera.js (Vite 5 to 7: `optimizeDeps: { exclude: ["webvera"] }`), and does the Content-Security-Policy allow it (worker-src)? From another origin it needs CORS, that origin in script-src, and blob: in worker-src.';
const SLOW = ' Or the connection is very slow: with a larger `patience` the session waits longer.';
const RESTARTED = 'The session starts another one: load the model again.';

function crashed(reason: string, hint = UNREACHED): WebVeraError {
  return new WebVeraError('worker_crashed', `The worker does not answer: ${reason}`, { retryable: true, hint });
}
