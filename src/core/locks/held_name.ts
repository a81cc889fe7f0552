/** Who is told what becomes of a name that it has. */
export interface Holder {
  /** Somebody waits for it: let go soon. May come more than once. */
  onAsked(): void;
  /** Somebody else has it. */
  onLost(): void;
}

/** A name that is held until it is let go, or lost. */
export class HeldName {
  /** Whether somebody else had it until now, who may not know yet. */
  readonly wasTaken: boolean;
  /** Resolves when it isn't held any more. */
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

  /** Looks whether it is still held: a browser may let go of what a page holds that sleeps. */
  async check(): Promise<void> {
    if (!this.#isOver) await this.#check(this);
  }
}
