interface HeartbeatHost {
  /** Sends the worker a message that it must answer. */
  look(): void;
  /** Called when the worker has been silent for `seconds`. */
  onSilence(seconds: number): void;
}

/** Milliseconds between two checks. */
const PACE = 500;

/**
 * Detects that the worker is stuck. While calls are pending, it checks the worker twice a second, and counts the checks since the last
 * message. Because it counts checks instead of measuring time, a page that sleeps or is blocked never terminates a healthy worker: such a
 * page makes no checks.
 */
export class Heartbeat {
  readonly #host: HeartbeatHost;
  /** The seconds of silence after which the worker counts as stuck. */
  readonly #patience: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #waiting = 0;
  /** The number of checks since the last message. */
  #looks = 0;
  /** Extra seconds of silence that the worker has announced. */
  #quiet = 0;

  constructor(host: HeartbeatHost, patience: number) {
    this.#host = host;
    this.#patience = patience;
  }

  /** Checks the worker while `call` is pending. */
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

  /** Allows `seconds` more of silence, because the worker starts work during which it can't answer. */
  expectQuiet(seconds: number): void {
    this.#quiet = seconds;
  }

  /** The milliseconds that are left of the announced silence. */
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
