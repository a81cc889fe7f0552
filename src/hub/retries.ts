import { type Clock, sleep } from '../core/async/clock';
import { WebVeraError } from '../core/errors/error';

interface RetriesOptions {
  readonly clock: Clock;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  readonly signal: AbortSignal | undefined;
}

/** The maximum number of consecutive retries without new bytes. */
const MOST = 3;
/** The longest wait before the first retry in milliseconds. It doubles with each further retry. */
const FIRST_WAIT = 500;
/** The longest `Retry-After` in milliseconds for which a download waits. If the server requests more, the download fails. */
const LONGEST_WAIT = 60_000;

/** Decides whether to retry a failed download, and waits before the retry. */
export class Retries {
  readonly #options: RetriesOptions;
  #failures = 0;

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  /** Resets the count of retries, because new bytes have arrived. */
  progressed(): void {
    this.#failures = 0;
  }

  /** Resolves when it is time to retry. Rejects with `error` if a retry is pointless, or with the signal's reason if it is aborted. */
  async next(error: unknown): Promise<void> {
    const { clock, random, signal } = this.#options;
    const asked = isPassing(error) ? retryAfter(error) : Number.POSITIVE_INFINITY;
    if (this.#failures === MOST || asked > LONGEST_WAIT) throw error;
    const own = FIRST_WAIT * 2 ** this.#failures * (0.5 + random() / 2);
    this.#failures += 1;
    await sleep(clock, Math.max(own, asked), signal);
  }
}

/** Whether the error is temporary, such as a broken connection or a busy server. Errors about the file's content are not. */
function isPassing(error: unknown): error is WebVeraError {
  return error instanceof WebVeraError && error.retryable && ['offline', 'timeout', 'http_error'].includes(error.code);
}

/** Returns the wait in milliseconds that the server requested; 0 if it requested none. */
function retryAfter({ detail }: WebVeraError): number {
  return typeof detail.retryAfter === 'number' ? detail.retryAfter * 1000 : 0;
}
