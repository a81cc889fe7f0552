import { type Clock, sleep } from '../core/async/clock';
import { WebVeraError } from '../core/errors/error';

interface RetriesOptions {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly signal: AbortSignal | undefined;
}

/** The largest number of retries in a row without any new bytes. */
const MOST = 3;
/** Milliseconds before the first retry; each further retry waits twice as long. */
const FIRST_WAIT = 500;
/** The longest `Retry-After` in milliseconds that is respected. */
const LONGEST_WAIT = 60_000;

/** Decides whether a failed download is retried, and waits until then. */
export class Retries {
  readonly #options: RetriesOptions;
  #failures = 0;

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  /** New bytes have arrived: resets the count of retries. */
  progressed(): void {
    this.#failures = 0;
  }

  /** Resolves when it is time to retry. Throws `error` if a retry is pointless, and the signal's reason. */
  async next(error: unknown): Promise<void> {
    const { clock, random, signal } = this.#options;
    const asked = isPassing(error) ? retryAfter(error) : Number.POSITIVE_INFINITY;
    if (this.#failures === MOST || asked > LONGEST_WAIT) throw error;
    const own = FIRST_WAIT * 2 ** this.#failures * (0.5 + random() / 2);
    this.#failures += 1;
    await sleep(clock, Math.max(own, asked), signal);
  }
}

/** Whether the error is temporary: a broken connection, or a busy server. Errors about the file's content are not. */
function isPassing(error: unknown): error is WebVeraError {
  return error instanceof WebVeraError && error.retryable && ['offline', 'timeout', 'http_error'].includes(error.code);
}

/** Milliseconds that the server requested. */
function retryAfter({ detail }: WebVeraError): number {
  return typeof detail.retryAfter === 'number' ? detail.retryAfter * 1000 : 0;
}
