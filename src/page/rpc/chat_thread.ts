import { within } from '../../core/async/clock';
import { WebVeraError } from '../../core/errors/error';
import type { Chat, ChatOutcome, ChatTemplate } from '../../core/types/chat';
import { errorToData } from '../../core/types/wire';
import { VERSION } from '../../core/version';
import { startClock, startLimit } from './start_clock';

/** The part of `Worker` that a chat thread uses. */
export interface ChatWorkerLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'error', listener: (event: Event) => void): void;
  removeEventListener(type: 'message' | 'error', listener: (event: Event) => void): void;
  terminate(): void;
}

interface News {
  readonly version?: string;
  readonly outcome?: ChatOutcome;
}

/**
 * The time limit for rendering one conversation, in milliseconds, as two waits in a row: if the page itself was blocked during the first,
 * an answer that is already queued arrives during the second. The worker itself gives up after two seconds, unless it is stuck.
 */
const TIMES = [2250, 350] as const;

/**
 * Runs chat templates in a separate worker, because a template is an untrusted program. The worker starts with the first conversation. If a
 * template blocks it, the worker is terminated, and the next conversation starts a new one.
 */
export class ChatThread {
  readonly #start: () => ChatWorkerLike | Promise<ChatWorkerLike>;
  /** Milliseconds within which the worker must report that it is ready. */
  readonly #limit: number;
  #worker: Promise<ChatWorkerLike> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #hasEnded = false;

  constructor(start: () => ChatWorkerLike | Promise<ChatWorkerLike>, patience = 4) {
    this.#start = start;
    this.#limit = startLimit(patience);
  }

  /** Renders a conversation after all earlier ones, with a time limit for each. Never rejects: the outcome may be an error. */
  render(template: ChatTemplate, chat: Chat): Promise<ChatOutcome> {
    const outcome = this.#last.then(() => this.#render(template, chat));
    this.#last = outcome;
    return outcome;
  }

  /** Terminates the worker. Later calls of `render` resolve with an error. */
  end(): void {
    this.#hasEnded = true;
    this.#stop();
  }

  async #render(template: ChatTemplate, chat: Chat): Promise<ChatOutcome> {
    try {
      if (this.#hasEnded) throw failed('its session was closed');
      this.#worker ??= this.#begin();
      const worker = await this.#worker;
      const answer = nextNews(worker);
      worker.postMessage({ template, chat });
      const { outcome } = await inTime(answer);
      return outcome ?? { error: errorToData(failed('it gave no answer')) };
    } catch (error) {
      this.#stop();
      return { error: errorToData(error) };
    }
  }

  async #begin(): Promise<ChatWorkerLike> {
    const worker = await this.#start();
    try {
      const late = (): WebVeraError => failed(`it wasn't ready within ${this.#limit / 1000} s`);
      const { version } = await within(this.#limit, nextNews(worker), late, startClock);
      if (version !== VERSION) throw failed(`expected version ${VERSION}, got ${version}`);
      return worker;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  #stop(): void {
    this.#worker?.then(
      (worker) => worker.terminate(),
      () => {}, // the worker never started
    );
    this.#worker = undefined;
  }
}

/** Waits for the worker's next message or error. */
async function nextNews(worker: ChatWorkerLike): Promise<News> {
  const heard = new AbortController();
  try {
    return await new Promise<News>((resolve, reject) => {
      const listen = (type: 'message' | 'error', listener: (event: Event) => void): void => {
        worker.addEventListener(type, listener);
        heard.signal.addEventListener('abort', () => worker.removeEventListener(type, listener), { once: true });
      };
      listen('message', (event) => resolve((event as MessageEvent<News>).data));
      listen('error', (event) => {
        event.preventDefault();
        reject(failed((event as ErrorEvent).message || 'its script could not be loaded'));
      });
    });
  } finally {
    heard.abort();
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = (): WebVeraError =>
    new WebVeraError('timeout', "The chat template can't be used: it takes too long", {
      hint: 'The template may be malicious. Use the template of a published model.',
    });
  const [first, second] = TIMES;
  return within(first, answer, late).catch((error: unknown) => {
    if (error instanceof WebVeraError && error.code === 'timeout') return within(second, answer, late);
    throw error;
  });
}

function failed(reason: string): WebVeraError {
  return new WebVeraError('worker_crashed', `The worker for chat templates does not answer: ${reason}`, {
    retryable: true,
    hint: 'Reload the page: its site may have a new version. Is chat_worker.js served beside worker.js, and does the Content-Security-Policy allow it (worker-src)?',
    detail: { url: 'chat_worker.js' },
  });
}
