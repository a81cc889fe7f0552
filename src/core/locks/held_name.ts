/** Receives events about a lock that it holds. A lock is identified by its name. */
export interface Holder {
  /** Called when another tab waits for the name: release it soon. May be called more than once. */
  onAsked(): void;
  /** Called when another tab has taken the name. */
  onLost(): void;
}

/** A lock, identified by its name, that a tab holds until the tab releases or loses it. */
export class HeldName {
  /** Whether the name was taken over from another holder. That holder may not know it yet. */
  readonly wasTaken: boolean;
  /** Resolves when the name is no longer held. */
  readonly over: Promise<void>;
  readonly #holder: Holder | undefined;
  readonly #check: (held: HeldName) => Promise<void>;
  #end: () => void = () => {};
  #isOver = false;

  constructor(holder: Holder | undefined, wasTaken: boolean, check = async (_: HeldName): Promise<void> => {}) {
    this.#holder = holder;
    this.wasTaken = wasTaken;
    this.#check = check;
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  ask(): void {
    if (!this.#isOver) this.#holder?.onAsked();
  }

  lose(): void {
    if (this.#isOver) return;
    this.release();
    this.#holder?.onLost();
  }

  release(): void {
    this.#isOver = true;
    this.#end();
  }

  /** Checks that the name is still held, because a browser may release the locks of a suspended page. */
  async check(): Promise<void> {
    if (!this.#isOver) await this.#check(this);
  }
}
