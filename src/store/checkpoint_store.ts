import { Serial } from '../core/async/serial';
import { areEqual, sha256 } from '../core/input/digest';
import { type BlobStore, fieldsOf, isBytes } from './blob_store';
import { describeRun, FORMAT, type KeptRun, type Label, readLabel, readSizes, sizesOf } from './checkpoint_label';
import { expendable, noRoom, surplus } from './checkpoint_room';
import { StoreError } from './store_error';

export type { KeptRun } from './checkpoint_label';

/** A stored checkpoint: the serialised state, its metadata, and the slot in which it is stored. */
export interface StoredCheckpoint extends Omit<Label, 'format' | 'saved_at'> {
  readonly slot: 0 | 1;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Locks on run names. Only the holder of a name's lock, in any tab, may run its training. */
interface NameLocks {
  /** Locks a name. Resolves with undefined if another holder has the lock. */
  take(name: string): Promise<Lock | undefined>;
}

interface Lock {
  release(): void;
}

export const CHECKPOINTS = 'checkpoint/';

/**
 * Stores up to two checkpoints under each run's name: the last one, and the one before it, which the next save replaces. A write is one
 * transaction, so the last checkpoint survives a failed write.
 */
export class CheckpointStore {
  readonly #store: BlobStore;
  readonly #locks: NameLocks;
  /** Changes run one after the other, so that a pending save can't restore a deleted checkpoint. */
  readonly #changes = new Serial();

  constructor(store: BlobStore, locks: NameLocks) {
    this.#store = store;
    this.#locks = locks;
  }

  get persistent(): boolean {
    return this.#store.persistent;
  }

  /**
   * Resolves with the intact checkpoints of the training that was saved last, the newest first. `damaged`: a newer checkpoint was saved but
   * can't be read.
   */
  async load(name: string): Promise<{ readonly found: readonly StoredCheckpoint[]; readonly damaged: boolean }> {
    const slots = [await this.#slot(name, 0), await this.#slot(name, 1)].flatMap((slot) => slot ?? []);
    const inOrder = slots.sort((a, b) => b.seq - a.seq);
    const head = readLabel(await this.#store.get(headKey(name)));
    const last = head ?? inOrder[0];
    const found = inOrder.filter(({ training }) => training === last?.training);
    return { found, damaged: head !== undefined && head.seq > (found[0]?.seq ?? -1) };
  }

  /**
   * Saves a checkpoint in `checkpoint.slot`, one of the name's two slots. `seq` must exceed that of all loaded checkpoints, and is 0 for
   * the first checkpoint under a name. The first save deletes other runs if there are too many: completed runs, then runs that were not
   * saved for 30 days, the oldest first, but none whose name is locked. Rejects with `storage_full` if too many would remain, and with
   * `locked_by_other_tab` if the name belongs to another owner.
   */
  save(name: string, checkpoint: StoredCheckpoint, owner?: string): Promise<void> {
    return this.#changes.run(() => this.#save(name, checkpoint, owner));
  }

  /** Resolves with the id of a name's owner: saves of other owners are rejected. Undefined if the name never had an owner. */
  async owner(name: string): Promise<string | undefined> {
    const owner = await this.#store.get(ownerKey(name));
    return typeof owner === 'string' ? owner : undefined;
  }

  /** Gives the name a new owner, and resolves with the owner's random id. Pending saves of earlier owners are then rejected. */
  async own(name: string): Promise<string> {
    const owner = crypto.randomUUID();
    await this.#store.setMany([[ownerKey(name), owner]]);
    return owner;
  }

  /** Resolves with all stored runs, in the order of their storage keys. */
  async list(): Promise<readonly KeptRun[]> {
    const runs: KeptRun[] = [];
    // The runs are read one by one, because those of earlier versions may be large.
    for (const name of await this.#names()) runs.push(await this.#describe(name));
    return runs;
  }

  /** Deletes a run's checkpoints. A missing name is ignored. */
  delete(name: string): Promise<void> {
    return this.#changes.run(() => this.#store.deleteMany(keysOf(name)));
  }

  /** Deletes the checkpoints of all runs that train an adapter with this name. Resolves with the number of freed bytes. */
  deleteOf(adapter: string): Promise<number> {
    return this.#changes.run(() => this.#deleteOf(adapter));
  }

  async #save(
    name: string,
    { slot, bytes, ...checkpoint }: StoredCheckpoint,
    owner: string | undefined,
  ): Promise<void> {
    const label: Label = { format: FORMAT, ...checkpoint, saved_at: Date.now() };
    const locked: LockedRun[] = [];
    try {
      if (checkpoint.seq === 0) await this.#makeRoom(name, locked);
      const sizes = sizesOf(await this.#valuesOf(name)).with(slot, bytes.length);
      const entries = [
        [slotKey(name, slot), { ...label, sha256: await sha256(bytes), bytes }],
        [headKey(name), { ...label, sizes }],
      ] as const;
      const isOwn = {
        key: ownerKey(name),
        check(present: unknown) {
          if (present !== undefined && present !== owner) throw takenOver();
        },
      };
      const deleteLocked = async (): Promise<void> => {
        if (locked.length > 0) await this.#store.deleteMany(locked.flatMap((run) => keysOf(run.name)));
      };
      await this.#store.setMany(entries, isOwn).catch(async (error: unknown) => {
        // The storage may be full only because of the runs that are about to be deleted.
        if (locked.length === 0 || !(error instanceof StoreError) || error.code !== 'storage_full') throw error;
        await deleteLocked();
        await this.#store.setMany(entries, isOwn);
      });
      await deleteLocked();
    } finally {
      for (const { release } of locked) release();
    }
  }

  /** Locks the runs that will be deleted to make room for a new run, so that no tab resumes them meanwhile. */
  async #makeRoom(newest: string, locked: LockedRun[]): Promise<void> {
    const others = (await this.#names()).filter((name) => name !== newest);
    const { wanted, needed } = surplus(others.length);
    if (wanted === 0) return;
    const runs: KeptRun[] = [];
    for (const name of others) runs.push(await this.#describe(name));
    for (const { name } of expendable(runs, Date.now())) {
      if (locked.length === wanted) break;
      const lock = await this.#locks.take(name);
      if (lock === undefined) continue;
      locked.push({ name, release: () => lock.release() });
      // Another tab may have saved this run after it was described.
      if (expendable([await this.#describe(name)], Date.now()).length === 0) locked.pop()?.release();
    }
    if (locked.length < needed) throw noRoom(runs);
  }

  async #deleteOf(adapter: string): Promise<number> {
    let deleted = 0;
    for (const name of await this.#names()) {
      // The label is small. The checkpoints are read only if it is damaged, or is of a version that stored no sizes.
      const label = readLabel(await this.#store.get(headKey(name)));
      if (label?.adapters.includes(adapter) === false) continue;
      const { adapters, bytes } = await this.#describe(name);
      if (!adapters.includes(adapter)) continue;
      await this.#store.deleteMany(keysOf(name));
      deleted += bytes;
    }
    return deleted;
  }

  async #describe(name: string): Promise<KeptRun> {
    return describeRun(name, await this.#valuesOf(name));
  }

  /** Resolves with a run's head. Also reads the run's checkpoints, which may be large, if the head doesn't have their sizes. */
  async #valuesOf(name: string): Promise<readonly unknown[]> {
    const head = await this.#store.get(headKey(name));
    const rest = readSizes(head) === undefined ? [slotKey(name, 0), slotKey(name, 1)] : [];
    return [head, ...(await Promise.all(rest.map((key) => this.#store.get(key))))];
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

/** A locked run that will be deleted. */
interface LockedRun extends Lock {
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
