import { WebVeraError } from '../../core/errors/error';
import { warnOnConsole } from '../../core/errors/warning';
import { type KernelChoice, readKernelChoice } from '../../core/kernels/kernel_choice';
import type { ParserLimits } from '../../core/types/source';
import { toKnownError } from '../../core/types/wire';
import { ChatThread } from '../rpc/chat_thread';
import { connectWorker } from '../rpc/connection';
import { chatWorker, defaultWorker } from '../rpc/default_worker';
import { Link, type SessionState } from '../rpc/link';
import { connectHere } from '../rpc/this_thread';
import { asyncDispose } from './dispose';
import { checkedLimits } from './limits';
import {
  abortSignal,
  anyFunction,
  anyObject,
  anyString,
  checkOptions,
  defined,
  either,
  hinted,
  isObject,
  oneOf,
  positive,
  wrong,
} from './options';
import { persist } from './persist';

export interface SessionOptions {
  /**
   * Default: the library's own worker. A function starts another one that runs `webvera/worker.js`. With `webvera/node`,
   * `false` runs in the calling thread, as does the default where there are no workers; with `webvera` it is refused.
   */
  readonly worker?: false | (() => Worker);
  /** Default `navigator.gpu`. Only where the session runs in the calling thread. */
  readonly gpu?: GPU;
  /** Default: the global one. Only where the session runs in the calling thread. */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * 'auto': IndexedDB, or memory with a warning where the browser refuses; what is downloaded of models lies in the browser's file
   * system, which only workers can write. 'memory': nothing outlives the session. When an adapter, a profile, a checkpoint or a
   * model's file is first stored, the browser is asked to leave it there when space runs out; `adapters.persist()` gives its answer.
   */
  readonly store?: 'auto' | 'memory';
  /** Of the default worker in the browser's tools. */
  readonly name?: string;
  /** 'https://huggingface.co/' */
  readonly remoteHost?: string;
  /** '{model}/resolve/{revision}/' */
  readonly remotePathTemplate?: string;
  /** Caps on untrusted files: integers from 1. Those that aren't given are several times what the largest published files need. */
  readonly limits?: Partial<ParserLimits>;
  /**
   * 'default': a fixed table by the kind of device. 'tuned': before this session's first training step, which waits up to
   * about ten seconds, the kernels are measured on its shapes; the choice is stored for this adapter, and later sessions
   * begin with it. What has run by then, such as an evaluation, keeps its kernels. A choice that `kernels()` gave: that
   * one, so that results are the same to the bit on the same adapter.
   */
  readonly kernels?: 'default' | 'tuned' | KernelChoice;
  /**
   * 'f32'. 'f16': products of activations, and of their gradients, multiply in f16 and sum in f32, which GPUs that work on pairs of
   * f16 do in fewer instructions. Results are then those of f32 to about three digits; gradients of weights and vectors, and all
   * that is no product, stay in f32. A device without the feature `shader-f16` is refused with `unsupported_device` as it opens.
   * With `kernels: 'tuned'` both are measured, and the faster one runs. Where a browser was started with subgroup matrices,
   * `kernels` may also name them, `{ …, variants: { linear: 'subgroup_matrix' } }`: an experiment that was only compiled so far.
   */
  readonly arithmetic?: 'f32' | 'f16';
  /**
   * 4 seconds. For how long the worker may be silent while a call waits for it, apart from what is known to take longer. One
   * that is silent for longer is stuck: it is ended, another one is started, and what was pending rejects with
   * `worker_crashed`. `Infinity` where you stop in the worker's code with a debugger.
   */
  readonly patience?: number;
  /** Gives up opening. An open session ends by `close()`. */
  readonly signal?: AbortSignal | undefined;
}

/** What every call that starts work takes. Without `session`, a default session is opened on first use. */
export interface CallOptions {
  readonly session?: Session | undefined;
  /** Aborted, the call rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** Something worth knowing that stops nothing. PEFT's warnings keep PEFT's text. */
export class WarningEvent extends Event {
  /** @internal Its name in messages, which minifiers leave. */
  static override readonly name = 'WarningEvent';

  readonly code: string;
  readonly message: string;

  constructor(code: string, message: string) {
    super('warning');
    this.code = code;
    this.message = message;
  }
}

export interface SessionEventMap {
  statechange: Event;
  warning: WarningEvent;
}

/** The key of a session's link, for this library's own use. */
export const linkKey: unique symbol = Symbol('link');

/**
 * One worker (or this thread) with one GPU device. Everything that was loaded in a session ends with it. Where the device is
 * lost, a warning `device_lost` tells it, what was loaded on it rejects, and the next model to be loaded gets a new one. Where
 * the worker dies, or is stuck, a warning `worker_crashed` tells that, and another one takes its place. A training run goes
 * on by itself after either, and its model with it; meanwhile the state is 'recovering', or 'blocked' where the browser keeps
 * the GPU from the page for a while.
 *
 * Events: 'statechange'; 'warning' with `code` and `message` (`console.warn` when nobody listens, but for what PEFT warns
 * of where nothing is wrong: `projection_not_saved` and `projection_drawn`, as A and B come from their key to the bit, and
 * `fan_in_fan_out`).
 */
export class Session extends EventTarget implements AsyncDisposable {
  /** @internal Its name in messages, which minifiers leave. */
  static override readonly name = 'Session';

  /** @internal */
  readonly [linkKey]: Link = new Link({
    onState: () => this.dispatchEvent(new Event('statechange')),
    onWarning: (code, message) => this.#warn(code, message),
    // Nobody waits for the answer: it may be a visitor's.
    onKept: () => void persist(),
  });
  readonly #warningListeners = new Set<unknown>();

  private constructor() {
    super();
  }

  /**
   * Starts the worker. The GPU isn't touched before the first model is loaded. Rejects with `worker_crashed` where the
   * worker doesn't start within ten seconds, and `invalid_argument` for options that don't fit together or a kernel choice
   * that names what there isn't.
   */
  static async open(options: SessionOptions = {}): Promise<Session> {
    checkOptions('SessionOptions', options, sessionRules);
    const {
      worker,
      gpu,
      fetch,
      store = 'auto',
      name,
      remoteHost,
      remotePathTemplate,
      arithmetic,
      patience,
      signal,
    } = options;
    const limits = options.limits && checkedLimits(options.limits);
    const kernels = typeof options.kernels === 'object' ? readKernelChoice(options.kernels) : options.kernels;
    signal?.throwIfAborted();
    const inThisThread = worker === false || (worker === undefined && typeof Worker === 'undefined');
    if (!inThisThread && (gpu !== undefined || fetch !== undefined)) {
      throw wrong('SessionOptions: gpu and fetch', 'worker: false beside them', worker ?? 'the default worker');
    }
    const session = new Session();
    await session[linkKey].open(
      async (host, signal) => {
        if (!inThisThread) {
          const started = await startWorker(worker || defaultWorker, name, signal);
          const chats = new ChatThread(() => startWorker(chatWorker, undefined));
          return connectWorker(started, host, { signal, chats, ...defined({ patience }) });
        }
        return connectHere({ emit: host.emit, ...defined({ gpu, fetch }) });
      },
      { store, ...defined({ remoteHost, remotePathTemplate, limits, kernels, arithmetic }) },
      signal,
    );
    return session;
  }

  get state(): SessionState {
    return this[linkKey].state;
  }

  /**
   * The kernels that this session runs, as JSON to keep beside results; given back as the option `kernels` it repeats
   * them. With 'tuned' they are known once a training run has begun its steps. Opens the GPU device; rejects with
   * `unsupported_device`, and `invalid_argument` where the device lacks what a given choice needs.
   */
  kernels(): Promise<KernelChoice> {
    return this[linkKey].request('kernels');
  }

  /**
   * Takes the network from the session for good, once what lies there has been loaded: from then on its worker makes no
   * request, and whatever would rejects with `invalid_argument`, a download that is under way too. `fetch`, `WebSocket` and
   * the like are gone from the worker, also for code of others in it. Only `import()` can't be taken away, which a
   * Content-Security-Policy forbids that the worker's own response carries. Files, IndexedDB and the GPU go on working. A
   * session in the calling thread leaves that thread's network to the page.
   */
  seal(): Promise<void> {
    return this[linkKey].request('seal');
  }

  /** Ends the session and what it holds. Pending calls reject with an `AbortError`; later ones with `invalid_argument`. */
  close(): Promise<void> {
    return this[linkKey].close();
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  override addEventListener<Type extends keyof SessionEventMap>(
    type: Type,
    listener: ((event: SessionEventMap[Type]) => void) | EventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void {
    super.addEventListener(type, listener, options);
    if (type !== 'warning' || listener === null) return;
    const { once = false, signal } = isObject(options) ? options : {};
    if (signal?.aborted) return;
    this.#warningListeners.add(listener);
    const forget = (): boolean => this.#warningListeners.delete(listener);
    signal?.addEventListener('abort', forget, { once: true });
    if (once) super.addEventListener('warning', forget, { once: true });
  }

  override removeEventListener<Type extends keyof SessionEventMap>(
    type: Type,
    listener: ((event: SessionEventMap[Type]) => void) | EventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void {
    super.removeEventListener(type, listener, options);
    if (type === 'warning') this.#warningListeners.delete(listener);
  }

  #warn(code: string, message: string): void {
    if (this.#warningListeners.size === 0) warnOnConsole({ code, message });
    else this.dispatchEvent(new WarningEvent(code, message));
  }
}

const KERNELS =
  "'default' takes them from a table, 'tuned' measures them on this GPU as the first run begins, and what session.kernels() gave repeats a run.";

const sessionRules = {
  worker: either(oneOf(false), anyFunction),
  gpu: anyObject,
  fetch: anyFunction,
  store: oneOf('auto', 'memory'),
  name: anyString,
  remoteHost: anyString,
  remotePathTemplate: anyString,
  limits: anyObject,
  kernels: hinted(either(oneOf('default', 'tuned'), anyObject), () => KERNELS),
  arithmetic: oneOf('f32', 'f16'),
  patience: either(positive, oneOf(Number.POSITIVE_INFINITY)),
  signal: abortSignal,
};

/** Of the options that every call takes. */
export const callRules = {
  session: { expected: 'a Session', accepts: (value: unknown) => value instanceof Session },
  signal: abortSignal,
};

/** A script tag's default worker is fetched first. */
type StartWorker = (name?: string, signal?: AbortSignal) => Worker | Promise<Worker>;

async function startWorker(start: StartWorker, name: string | undefined, signal?: AbortSignal): Promise<Worker> {
  try {
    return await start(name, signal);
  } catch (error) {
    if (error instanceof WebVeraError || signal?.aborted) throw error;
    throw new WebVeraError('worker_crashed', `The worker could not be started: ${toKnownError(error).message}`, {
      hint: 'Does the Content-Security-Policy allow it (worker-src)? Trusted Types must allow the policy `webvera`. A function given as `worker` must start a script of your own origin.',
      cause: error,
    });
  }
}
