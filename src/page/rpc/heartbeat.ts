interface HeartbeatHost {
  /** Asks the other side for an answer. */
  look(): void;
  /** The other side has been silent for that many seconds. */
  onSilence(seconds: number): void;
}

/** Milliseconds between two checks. */
const PACE = 500;

/**
 * Detects that the other side is stuck. While calls are pending it checks twice a second, and counts the checks since
 * the last message. It counts checks instead of time, so a page that sleeps or is blocked, and so doesn't check, never
 * ends a healthy worker.
 */
export class Heartbeat {
  readonly #host: HeartbeatHost;
  /** Seconds. */
  readonly #patience: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #waiting = 0;
  /** Checks since the last message. */
  #looks = 0;
  /** Extra seconds of silence that the other side has announced. */
  #quiet = 0;

  constructor(host: HeartbeatHost, patience: number) {
    this.#host = host;
    this.#patience = patience;
  }

  /** Checks the other side while `call` is pending. */
  async during<T>(call: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.#timer ??= setInterval(() => this.#onTick(), PACE);
    try {
      return await call;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.stop();
    }
  }

  heard(): void {
    this.#looks = 0;
    this.#quiet = 0;
  }

  /** The other side starts work that takes up to that many seconds, during which it can't answer. */
  expectQuiet(seconds: number): void {
    this.#quiet = seconds;
  }

  /** Milliseconds of announced silence that are left. */
  get announced(): number {
    return Math.max(0, 1000 * this.#quiet - PACE * this.#looks);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.heard();
  }

  #onTick(): void {
    const seconds = (this.#looks * PACE) / 1000;
    if (seconds >= this.#patience + this.#quiet) {
      this.stop();
      this.#host.onSilence(seconds);
      return;
    }
    this.#looks += 1;
    this.#host.look();
  }
}
