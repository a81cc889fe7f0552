import { untilAborted } from '../async/abort';
import { within } from '../async/deadline';
import { HeldName, type Holder } from './held_name';
import { LEAVES_WITHIN, requestLock, takeLockOver, type WebLocks } from './web_locks';

export interface TakeOptions {
  /** One without never answers who asks, and soon loses the name to them. */
  readonly holder?: Holder | undefined;
  /** Whether to ask whoever has it to let go, and to take it from them where they don't. */
  readonly takesOver?: boolean;
  /** Gives up waiting: rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Names that one of all tabs may have at a time, and that another may take over. A tab that has crashed has none any more.
 * Where there are no Web Locks, as in Node before 24, or none for this page, or no other tab sees what the names are of, only those
 * who share this object are seen.
 */
export class TabLocks {
  readonly #locks: WebLocks | undefined;
  readonly #prefix: string;
  readonly #isShared: () => Promise<boolean>;
  /** Where no other tab is seen. */
  readonly #here = new Map<string, HeldName>();

  /** `isShared`: whether other tabs see what the names are of. */
  constructor(locks: WebLocks | undefined, prefix: string, isShared = async () => true) {
    this.#locks = locks;
    this.#prefix = prefix;
    this.#isShared = isShared;
  }

  /** Undefined where somebody has it, unless it is to be taken over. Rejects with what `isShared` does. */
  async take(name: string, options: TakeOptions = {}): Promise<HeldName | undefined> {
    const locks = this.#locks;
    if (locks === undefined || !(await this.#isShared())) return this.#takeHere(name, options);
    const lock = this.#prefix + name;
    let held: HeldName | undefined;
    try {
      held = await requestLock(locks, lock, { ifAvailable: true }, options.holder);
    } catch {
      return this.#takeHere(name, options); // a sandboxed frame sees the locks, but has none
    }
    return held ?? (options.takesOver ? takeLockOver(locks, lock, options) : undefined);
  }

  async #takeHere(name: string, { holder, takesOver, signal }: TakeOptions): Promise<HeldName | undefined> {
    let wasTaken = false;
    for (let before = this.#here.get(name); before?.isOver === false; before = this.#here.get(name)) {
      if (!takesOver) return undefined;
      wasTaken = true;
      before.ask();
      await untilAborted(within(LEAVES_WITHIN, before.over, () => undefined).catch(noop), signal);
      before.lose();
    }
    const held = new HeldName(holder, wasTaken);
    this.#here.set(name, held);
    // Its holder knows a whole run.
    held.over.then(() => {
      if (this.#here.get(name) === held) this.#here.delete(name);
    });
    return held;
  }
}

function noop(): void {}
