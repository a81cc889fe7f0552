import { untilAborted } from '../async/abort';
import { within } from '../async/clock';
import { HeldName, type Holder } from './held_name';
import { RELEASES_WITHIN, requestLock, takeLockOver, type WebLocks } from './web_locks';

export interface TakeOptions {
  /** Receives the requests of other tabs. Without a holder, those tabs get no answer and soon take the name. */
  readonly holder?: Holder | undefined;
  /** Whether to ask the current holder to release the name, and to take it if the holder doesn't release it. */
  readonly takesOver?: boolean;
  /** Aborts the wait: `take` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Locks that are identified by names. Only one tab at a time can hold a name, and another tab can take it over. A crashed tab releases its
 * names. Without Web Locks (in Node before 24, in some pages), or if other tabs don't share the storage that the names protect, a name is
 * exclusive only among the users of one `TabLocks` object.
 */
export class TabLocks {
  readonly #locks: WebLocks | undefined;
  readonly #prefix: string;
  readonly #isShared: () => Promise<boolean>;
  /** Names that are held within this object only, because other tabs don't share the storage or Web Locks aren't available. */
  readonly #local = new Map<string, HeldName>();

  /** `isShared`: whether other tabs share the storage that these names protect. */
  constructor(locks: WebLocks | undefined, prefix: string, isShared = async () => true) {
    this.#locks = locks;
    this.#prefix = prefix;
    this.#isShared = isShared;
  }

  /** Takes a name. Resolves with undefined if another holder has it and `takesOver` is false. Rejects with the errors of `isShared`. */
  async take(name: string, options: TakeOptions = {}): Promise<HeldName | undefined> {
    const locks = this.#locks;
    if (locks === undefined || !(await this.#isShared())) return this.#takeLocally(name, options);
    const lock = this.#prefix + name;
    let held: HeldName | undefined;
    try {
      held = await requestLock(locks, lock, { ifAvailable: true }, options.holder);
    } catch {
      return this.#takeLocally(name, options); // a sandboxed frame has `navigator.locks` but may not use it
    }
    return held ?? (options.takesOver ? takeLockOver(locks, lock, options) : undefined);
  }

  async #takeLocally(name: string, { holder, takesOver, signal }: TakeOptions): Promise<HeldName | undefined> {
    let wasTaken = false;
    for (let before = this.#local.get(name); before?.isOver === false; before = this.#local.get(name)) {
      if (!takesOver) return undefined;
      wasTaken = true;
      before.ask();
      await untilAborted(within(RELEASES_WITHIN, before.over, () => undefined).catch(noop), signal);
      before.lose();
    }
    const held = new HeldName(holder, wasTaken);
    this.#local.set(name, held);
    held.over.then(() => {
      if (this.#local.get(name) === held) this.#local.delete(name);
    });
    return held;
  }
}

function noop(): void {}
