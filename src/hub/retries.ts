import { type Clock, sleep } from '../core/async/clock';
import { WebVeraError } from '../core/errors/error';

interface RetriesOptions {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly signal: AbortSignal | undefined;
}

/** Times that it is tried again while nothing comes. */
const MOST = 3;
/** Milliseconds before the first of them; each of the others waits twice as long. */
const FIRST_WAIT = 500;
/** Milliseconds that a server may ask to be left alone for. */
const LONGEST_WAIT = 60_000;

/** Decides whether a download that failed is tried again, and waits until then. */
export class Retries {
  readonly #options: RetriesOptions;
  #failures = 0;

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  /** Something has come: what fails next fails for the first time. */
  progressed(): void {
    this.#failures = 0;
  }

  /** Resolves when it is time to try again. Throws `error` where that is no use, and the signal's reason. */
  async next(error: unknown): Promise<void> {
    const { clock, random, signal } = this.#options;
    const asked = isPassing(error) ? retryAfter(error) : Number.POSITIVE_INFINITY;
    if (this.#failures === MOST || asked > LONGEST_WAIT) throw error;
    const own = FIRST_WAIT * 2 ** this.#failures * (0.5 + random() / 2);
    this.#failures += 1;
    await sleep(clock, Math.max(own, asked), signal);
  }
}

/** The connection, or a server that is busy. What a file is like doesn't pass. */
function isPassing(error: unknown): error is WebVeraError {
  return error instanceof WebVeraError && error.retryable && ['offline', 'timeout', 'http_error'].includes(error.code);
}

/** Milliseconds that the server asked for. */
function retryAfter({ detail }: WebVeraError): number {
  return typeof detail.retryAfter === 'number' ? detail.retryAfter * 1000 : 0;
}
