interface HeartbeatHost {
  /** Asks the other side whether it is there. */
  look(): void;
  /** It has been silent for so many seconds. */
  onSilence(seconds: number): void;
}

/** Milliseconds between two looks. */
const PACE = 500;

/**
 * Tells that the other side is stuck: while calls wait for it, it is looked after twice a second, and looks that nothing
 * came after are counted. Looks, not time: a page that sleeps or is held up doesn't look, and so ends nobody.
 */
export class Heartbeat {
  readonly #host: HeartbeatHost;
  /** Seconds. */
  readonly #patience: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #waiting = 0;
  /** Looks since it was last heard. */
  #looks = 0;
  /** Seconds for which it has said that it will be silent. */
  #quiet = 0;

  constructor(host: HeartbeatHost, patience: number) {
    this.#host = host;
    this.#patience = patience;
  }

  /** While `call` is pending, the other side is looked after. */
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

  /** It is about something that may take so many seconds, and can't answer meanwhile. */
  expectQuiet(seconds: number): void {
    this.#quiet = seconds;
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
