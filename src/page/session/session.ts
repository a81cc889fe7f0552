import { warnOnConsole } from '../../core/errors/warning';
import { type KernelChoice, readKernelChoice } from '../../core/kernels/kernel_choice';
import type { ParserLimits } from '../../core/types/source';
import { ChatThread } from '../rpc/chat_thread';
import { connectWorker, startWorker } from '../rpc/connection';
import { chatWorker, defaultWorker } from '../rpc/default_worker';
import { Link, type SessionState } from '../rpc/link';
import { StoreLocks } from '../rpc/store_locks';
import { connectHere } from '../rpc/this_thread';
import { fromAnotherCopy } from './another_copy';
import { asyncDispose } from './dispose';
import { checkOptions, defined, type Rules, wrong } from './options';
import { persist } from './persist';
import * as rule from './rules';
import { isObject } from './rules';

export interface SessionOptions {
  /**
   * Default: the library's own worker. A function starts another worker that runs `webvera/worker.js`. With false, the session runs in the
   * calling thread. That needs `webvera/node`, where it is also the default if there are no workers; `webvera` rejects it.
   */
  readonly worker?: false | (() => Worker);
  /** Default: `navigator.gpu`. Only for a session in the calling thread. */
  readonly gpu?: GPU;
  /** Default: the global `fetch`. Only for a session in the calling thread. */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * Default: 'auto', which is IndexedDB or, if the browser refuses it, memory with a warning. Model downloads are cached in the browser's
   * file system, which only workers can write. 'memory': nothing outlives the session. When an adapter, a profile, a checkpoint or a
   * model's file is first stored, the browser is asked not to evict it; `adapters.persist()` resolves with the answer.
   */
  readonly store?: 'auto' | 'memory';
  /** The default worker's name in the browser's developer tools. */
  readonly name?: string;
  /** Default: 'https://huggingface.co/' */
  readonly remoteHost?: string;
  /** Default: '{model}/resolve/{revision}/' */
  readonly remotePathTemplate?: string;
  /** Limits on untrusted files: integers from 1. Defaults are several times what the largest published files need. */
  readonly limits?: Partial<ParserLimits>;
  /**
   * Default: 'default', a fixed table for each kind of device. 'tuned': before its first training step, the session measures the kernels on
   * the step's shapes, for up to about ten seconds. The choice is stored for this GPU adapter, and later sessions start with it. Work that
   * ran before, such as an evaluation, doesn't change its kernels. A choice that `kernels()` returned: the session uses exactly these
   * kernels, so that results on the same GPU adapter are bitwise equal.
   */
  readonly kernels?: 'default' | 'tuned' | KernelChoice;
  /**
   * Default: 'f32'. 'f16': matrix products of activations, and of their gradients, multiply in f16 and sum in f32, which needs fewer
   * instructions on GPUs that process f16 numbers in pairs. The results then equal those of f32 to about three digits. Gradients of weights
   * and vectors, and everything that isn't a matrix product, stay in f32. Opening a device without the feature `shader-f16` rejects with
   * `unsupported_device`. With `kernels: 'tuned'` both are measured, and the faster one is used. If the browser was started with subgroup
   * matrices, `kernels` may also select them, `{ …, variants: { linear: 'subgroup_matrix' } }`: an experiment that has only been compiled
   * so far.
   */
  readonly arithmetic?: 'f32' | 'f16';
  /**
   * Default: 4. For how many seconds the worker may be silent while a call is pending, apart from work that is known to take longer. A
   * worker that is silent for longer counts as stuck: it is terminated, a new one starts, and pending calls reject with `worker_crashed`. A
   * worker may take as long to start, but at least a minute is allowed. Pass `Infinity` to stop the worker at breakpoints of a debugger:
   * calls then have no deadlines either.
   */
  readonly patience?: number;
  /** Cancels the opening of the session. An open session ends with `dispose()`. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of every call that starts work. Without `session`, a default session opens on first use. */
export interface CallOptions {
  readonly session?: Session | undefined;
  /** When it aborts, the call rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** A problem that was reported while the work continued. Warnings that PEFT gives too have PEFT's message. */
export class WarningEvent extends Event {
  /** @internal The class's name in messages, which minifiers leave unchanged. */
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

/** The key of a session's link, for internal use. */
export const linkKey: unique symbol = Symbol('link');

/**
 * One worker (or this thread) with one GPU device. Everything that was loaded in a session ends with it. If the device is lost, a warning
 * `device_lost` reports it, calls of the models on it reject, and the next model to load gets a new device. If the worker dies or is stuck,
 * a warning `worker_crashed` reports it, and a new worker replaces it. In both cases, a training run recovers by itself, together with its
 * model. Meanwhile the state is 'recovering', or 'blocked' if the browser denies the page the GPU for a while.
 *
 * Events: 'statechange'; 'warning' with `code` and `message`. Without a listener, warnings are written by `console.warn`, except harmless
 * ones: PEFT's `projection_not_saved` and `projection_drawn`, because A and B can be computed exactly from their key; `fan_in_fan_out`; and
 * `new_head`, for a classifier that was loaded with new labels.
 */
export class Session extends EventTarget implements AsyncDisposable {
  /** @internal The class's name in messages, which minifiers leave unchanged. */
  static override readonly name = 'Session';

  /** @internal */
  readonly [linkKey]: Link = new Link(
    {
      onState: () => this.dispatchEvent(new Event('statechange')),
      onWarning: (code, message) => this.#warn(code, message),
      // Not awaited, because the browser may ask the visitor first.
      onFirstStored: () => void persist(),
    },
    new StoreLocks(globalThis.navigator?.locks, () => this[linkKey].isStoreShared()),
  );
  readonly #warningListeners = new Set<unknown>();

  private constructor() {
    super();
  }

  /**
   * Starts the worker. The GPU isn't used before the first model is loaded. Rejects with `worker_crashed` if the worker doesn't start
   * within a minute, or within `patience` if that is longer, with `unsupported_device` where there are no workers, as on a server, and with
   * `invalid_argument` for options that exclude each other, or for a kernel choice with unknown names. In a prerendered page the worker
   * starts when the visitor opens the page.
   */
  static async open(options: SessionOptions = {}): Promise<Session> {
    checkOptions('SessionOptions', options, sessionRules);
    const { worker, gpu, fetch, name, patience, signal, store = 'auto', ...others } = options;
    checkOptions('SessionOptions: limits', others.limits, limitRules);
    const limits = others.limits && defined(others.limits);
    const kernels = typeof others.kernels === 'object' ? readKernelChoice(others.kernels) : others.kernels;
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
          const chats = new ChatThread(() => startWorker(chatWorker, undefined), patience);
          return connectWorker(started, host, { signal, chats, ...defined({ patience }) });
        }
        return connectHere({ emit: host.emit, ...defined({ gpu, fetch }) });
      },
      { store, ...defined({ ...others, limits, kernels }) },
      signal,
    );
    return session;
  }

  get state(): SessionState {
    return this[linkKey].state;
  }

  /**
   * Resolves with the kernels that this session uses, as JSON that can be stored with results. A session with this JSON as its option
   * `kernels` uses the same kernels. With 'tuned', the choice is final once a training run has started its steps. Opens the GPU device.
   * Rejects with `unsupported_device`, and with `invalid_argument` if the device lacks a feature that a given choice needs.
   */
  kernels(): Promise<KernelChoice> {
    return this[linkKey].request('kernels');
  }

  /**
   * Ends all network access of the session permanently, to be called once its models are loaded. Afterwards its worker makes no requests.
   * Calls that need one reject with `invalid_argument`; so does a download in progress, at its next request. `fetch`, `WebSocket` and
   * similar are removed from the worker, so that no other code in it can use them either. Only `import()` can't be removed; a Content
   * Security Policy on the worker's own response can forbid it. Files, IndexedDB and the GPU still work. A completely cached model still
   * loads, without asking its server for changes. A session in the calling thread doesn't change that thread's network.
   */
  seal(): Promise<void> {
    return this[linkKey].request('seal');
  }

  /**
   * Ends the session and everything loaded in it, as `await using` does. Pending calls reject with an `AbortError`;
   * later calls with `invalid_argument`.
   */
  dispose(): Promise<void> {
    return this[linkKey].close();
  }

  /** Does the same as `dispose`. */
  close(): Promise<void> {
    return this.dispose();
  }

  [asyncDispose](): Promise<void> {
    return this.dispose();
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
  worker: rule.either(rule.oneOf(false), rule.anyFunction),
  gpu: rule.anyObject,
  fetch: rule.anyFunction,
  store: rule.oneOf('auto', 'memory'),
  name: rule.anyString,
  remoteHost: rule.anyString,
  remotePathTemplate: rule.anyString,
  limits: rule.anyObject,
  kernels: rule.hinted(rule.either(rule.oneOf('default', 'tuned'), rule.anyObject), () => KERNELS),
  arithmetic: rule.oneOf('f32', 'f16'),
  patience: rule.either(rule.positive, rule.oneOf(Number.POSITIVE_INFINITY)),
  signal: rule.abortSignal,
};

const limitRules: Rules<ParserLimits> = {
  safetensorsHeader: rule.integer(1),
  tensors: rule.integer(1),
  json: rule.integer(1),
  tokenizer: rule.integer(1),
  adapter: rule.integer(1),
};

/** The rules of `CallOptions`. */
export const callRules = {
  session: {
    expected: 'a Session',
    accepts: (value: unknown) => value instanceof Session,
    hint: (value: unknown) => fromAnotherCopy(value, Session.name),
  },
  signal: rule.abortSignal,
};
