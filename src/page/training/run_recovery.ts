import { sleep, systemClock } from '../../core/async/clock';
import { WebVeraError } from '../../core/errors/error';
import type { Link } from '../rpc/link';

interface RunRecoveryInit {
  readonly link: Link;
  readonly signal: AbortSignal | undefined;
  /** Reloads everything that was lost. */
  revive(): Promise<void>;
  /** Called when the browser denies the page the GPU, and the run waits for it. */
  onBlocked(error: WebVeraError): void;
}

/** The largest number of successive recoveries without progress, that is without a step beyond the furthest that the run had reached. */
const IN_A_ROW = 3;
/** The longest time, in seconds, for which browsers deny a page the GPU. */
const LONGEST_BLOCK = 150;

/** Recovers a run from lost workers and devices: reloads everything that the run needs, at most `IN_A_ROW` times without progress. */
export class RunRecovery {
  readonly #init: RunRecoveryInit;
  #inARow = 0;
  #furthest = -1;

  constructor(init: RunRecoveryInit) {
    this.#init = init;
  }

  /**
   * Recovers a run that failed with `error` at `step`. Resolves with `error` when the run can start again. Rejects with `error` if it
   * doesn't report a lost worker or device, with another error if the recovery fails, and with `signal.reason` when the signal aborts.
   */
  async from(error: unknown, step: number): Promise<WebVeraError> {
    if (!isLoss(error)) throw error;
    if (step > this.#furthest) this.#inARow = 0;
    this.#furthest = Math.max(step, this.#furthest);
    await this.#init.link.during(async (report) => {
      for (let last: WebVeraError = error; ; ) {
        this.#init.signal?.throwIfAborted();
        if (this.#inARow === IN_A_ROW) throw last;
        this.#inARow += 1;
        try {
          return await this.#init.revive();
        } catch (failure) {
          if (!(failure instanceof WebVeraError)) throw failure;
          if (isLoss(failure)) last = failure;
          else if (secondsLeft(failure) === 0) throw gaveUp(error, failure);
          else await this.#waitForGpu(failure, report);
        }
      }
    });
    return error;
  }

  async #waitForGpu(blocked: WebVeraError, report: (trouble: 'recovering' | 'blocked') => void): Promise<void> {
    report('blocked');
    this.#init.onBlocked(blocked);
    const { signal, link } = this.#init;
    const end = signal === undefined ? link.ended : AbortSignal.any([signal, link.ended]);
    await sleep(systemClock, secondsLeft(blocked) * 1000, end);
    report('recovering');
  }
}

/** Whether the error reports a lost worker or device. The worker for chat templates holds no model, and its errors name its `url`. */
export function isLoss(error: unknown): error is WebVeraError {
  if (!(error instanceof WebVeraError) || error.detail.url !== undefined) return false;
  return error.code === 'device_lost' || error.code === 'worker_crashed';
}

function secondsLeft({ code, detail }: WebVeraError): number {
  const { seconds_left } = detail;
  return code === 'gpu_blocked' && typeof seconds_left === 'number' ? Math.min(seconds_left, LONGEST_BLOCK) : 0;
}

/**
 * Returns the error of a run that can't recover. Returns `failure` itself if the GPU is blocked or unsupported, because its hint is more
 * useful.
 */
function gaveUp({ code, message }: WebVeraError, failure: WebVeraError): WebVeraError {
  if (failure.code === 'gpu_blocked' || failure.code === 'unsupported_device') return failure;
  return new WebVeraError(code, `${message}. The run couldn't go on by itself: ${failure.message}`, {
    hint: failure.hint,
    retryable: true,
    detail: { code: failure.code },
    cause: failure,
  });
}
