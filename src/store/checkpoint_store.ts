import { areEqual, sha256 } from '../core/input/digest';
import type { BlobStore } from './blob_store';
import { describeRun, FORMAT, fieldsOf, isBytes, type KeptRun, type Label, readLabel } from './checkpoint_label';
import { expendable, noRoom, surplus } from './checkpoint_room';
import { StoreError } from './store_error';

export type { KeptRun } from './checkpoint_label';

/** A checkpoint as it is stored. */
export interface StoredCheckpoint extends Omit<Label, 'format' | 'saved_at'> {
  readonly slot: 0 | 1;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Whoever has a name goes on with its run, in whichever tab. */
interface NameLocks {
  /** Undefined where somebody has it. */
  take(name: string): Promise<Lock | undefined>;
}

interface Lock {
  release(): void;
}

export const CHECKPOINTS = 'checkpoint/';

/**
 * Two checkpoints under each name: the last, and the one before it, in whose place the next one goes. A write is one
 * transaction, so whatever happens while it is under way, the last one is still there.
 */
export class CheckpointStore {
  readonly #store: BlobStore;
  readonly #locks: NameLocks;
  /** Changes come one after the other, so that what is deleted is not written by what was under way. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: BlobStore, locks: NameLocks) {
    this.#store = store;
    this.#locks = locks;
  }

  get persistent(): boolean {
    return this.#store.persistent;
  }

  /** What is as it was written of the training that was saved last, the last one first. `damaged`: there was a later one. */
  async load(name: string): Promise<{ readonly found: readonly StoredCheckpoint[]; readonly damaged: boolean }> {
    const slots = [await this.#slot(name, 0), await this.#slot(name, 1)].flatMap((slot) => slot ?? []);
    const inOrder = slots.sort((a, b) => b.seq - a.seq);
    const head = readLabel(await this.#store.get(headKey(name)));
    const last = head ?? inOrder[0];
    const found = inOrder.filter(({ training }) => training === last?.training);
    return { found, damaged: head !== undefined && head.seq > (found[0]?.seq ?? -1) };
  }

  /**
   * Writes over what lies in the slot. `seq` is above that of all that `load` found, and 0 for the first one under a name.
   * With that one others go, if there are many that may: runs that have ended and runs that nobody has touched for 30 days,
   * the oldest ones first, but none whose name is taken. Rejects with `storage_full` where too many would be left,
   * and with `locked_by_other_tab` where the name is another owner's.
   */
  save(name: string, checkpoint: StoredCheckpoint, owner?: string): Promise<void> {
    return this.#afterOthers(() => this.#save(name, checkpoint, owner));
  }

  /** Whose the name is, if it was ever taken over. */
  async owner(name: string): Promise<string | undefined> {
    const owner = await this.#store.get(ownerKey(name));
    return typeof owner === 'string' ? owner : undefined;
  }

  /** Makes the name a new owner's, so that what others have under way is not written. */
  async own(name: string): Promise<string> {
    const owner = crypto.randomUUID();
    await this.#store.setMany([[ownerKey(name), owner]]);
    return owner;
  }

  /** What is kept, in the order of the names. */
  async list(): Promise<readonly KeptRun[]> {
    const runs: KeptRun[] = [];
    // One by one, as each may be large.
    for (const name of await this.#names()) runs.push(await this.#describe(name));
    return runs;
  }

  /** A name that isn't there is ignored. */
  delete(name: string): Promise<void> {
    return this.#afterOthers(() => this.#store.deleteMany(keysOf(name)));
  }

  /** Deletes the checkpoints of all runs that train an adapter of that name, and gives how many bytes they took. */
  deleteOf(adapter: string): Promise<number> {
    return this.#afterOthers(() => this.#deleteOf(adapter));
  }

  #afterOthers<T>(change: () => Promise<T>): Promise<T> {
    const outcome = this.#last.then(change);
    this.#last = outcome.catch(() => {});
    return outcome;
  }

  async #save(
    name: string,
    { slot, bytes, ...checkpoint }: StoredCheckpoint,
    owner: string | undefined,
  ): Promise<void> {
    const label: Label = { format: FORMAT, ...checkpoint, saved_at: Date.now() };
    const going: Going[] = [];
    try {
      if (checkpoint.seq === 0) await this.#makeRoom(name, going);
      const entries = [
        [slotKey(name, slot), { ...label, sha256: await sha256(bytes), bytes }],
        [headKey(name), label],
      ] as const;
      await this.#store.setMany(entries, {
        key: ownerKey(name),
        check(present) {
          if (present !== undefined && present !== owner) throw takenOver();
        },
      });
      if (going.length > 0) await this.#store.deleteMany(going.flatMap((run) => keysOf(run.name)));
    } finally {
      for (const { release } of going) release();
    }
  }

  /** Takes the names of those that go for a new one, so that nobody goes on with them meanwhile. */
  async #makeRoom(newest: string, going: Going[]): Promise<void> {
    const others = (await this.#names()).filter((name) => name !== newest);
    const { wanted, needed } = surplus(others.length);
    if (wanted === 0) return;
    const runs: KeptRun[] = [];
    for (const name of others) runs.push(await this.#describe(name));
    for (const { name } of expendable(runs, Date.now())) {
      if (going.length === wanted) break;
      const lock = await this.#locks.take(name);
      if (lock === undefined) continue;
      going.push({ name, release: () => lock.release() });
      // Another tab may have gone on with it until now.
      if (expendable([await this.#describe(name)], Date.now()).length === 0) going.pop()?.release();
    }
    if (going.length < needed) throw noRoom(runs);
  }

  async #deleteOf(adapter: string): Promise<number> {
    let deleted = 0;
    for (const name of await this.#names()) {
      const { adapters, bytes } = await this.#describe(name);
      if (!adapters.includes(adapter)) continue;
      await this.#store.deleteMany(keysOf(name));
      deleted += bytes;
    }
    return deleted;
  }

  async #describe(name: string): Promise<KeptRun> {
    return describeRun(name, await Promise.all(keysOf(name).map((key) => this.#store.get(key))));
  }

  async #names(): Promise<string[]> {
    const keys = (await this.#store.keys()).filter((key) => key.startsWith(CHECKPOINTS) && !key.endsWith(OWNER));
    return [...new Set(keys.map((key) => key.split('/')[1] ?? ''))];
  }

  async #slot(name: string, slot: 0 | 1): Promise<StoredCheckpoint | undefined> {
    const value = await this.#store.get(slotKey(name, slot));
    const { sha256: expected, bytes } = fieldsOf(value);
    const label = readLabel(value);
    if (label === undefined || !isBytes(expected) || !isBytes(bytes)) return undefined;
    const { format, saved_at, ...checkpoint } = label;
    return areEqual(await sha256(bytes), expected) ? { slot, ...checkpoint, bytes } : undefined;
  }
}

/** A run whose checkpoints are about to go. */
interface Going extends Lock {
  readonly name: string;
}

function takenOver(): StoreError {
  return new StoreError('locked_by_other_tab', 'Another tab has taken the run over');
}

const headKey = (name: string): string => `${CHECKPOINTS}${name}/head`;
const slotKey = (name: string, slot: 0 | 1): string => `${CHECKPOINTS}${name}/${slot}`;
const OWNER = '/owner';
const ownerKey = (name: string): string => CHECKPOINTS + name + OWNER;
const keysOf = (name: string): string[] => [headKey(name), slotKey(name, 0), slotKey(name, 1), ownerKey(name)];
