import type { BlobStore } from './blob_store';

/** A checkpoint as it is stored. */
interface Slot {
  readonly format: typeof FORMAT;
  /** Rises with every save of a run. */
  readonly seq: number;
  readonly sha256: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What is known of a run without reading its slots. */
interface Head {
  readonly format: typeof FORMAT;
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly saved_at: number;
}

export interface StoredCheckpoint extends Place {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where a checkpoint lies. */
export interface Place {
  readonly slot: 0 | 1;
  /** Rises with every save of a run. */
  readonly seq: number;
}

/** Bumped when older code could misread what is stored. */
const FORMAT = 1;
const PREFIX = 'checkpoint/';
/** Runs whose checkpoints are kept. */
const KEPT = 4;

/**
 * Two checkpoints of each run: the last, and the one before it, in whose place the next one goes. A write is one
 * transaction, so whatever happens while it is under way, the last one is still there.
 */
export class CheckpointStore {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** What of a run is as it was written, the last one first. `damaged`: there was a later one. */
  async load(run: string): Promise<{ readonly found: readonly StoredCheckpoint[]; readonly damaged: boolean }> {
    const slots = [await this.#slot(run, 0), await this.#slot(run, 1)];
    const found = slots.flatMap((slot) => slot ?? []).sort((a, b) => b.seq - a.seq);
    const head = await this.#head(run);
    return { found, damaged: head !== undefined && head.seq > (found[0]?.seq ?? -1) };
  }

  /**
   * Writes over what lies in the slot. `seq` is above that of all that `load` found. With the first one of a run, the
   * oldest other runs go.
   */
  async save(run: string, { slot: index, seq, bytes }: StoredCheckpoint): Promise<void> {
    const isFirst = (await this.#head(run)) === undefined;
    const slot: Slot = { format: FORMAT, seq, sha256: await sha256(bytes), bytes };
    const head: Head = { format: FORMAT, seq, saved_at: Date.now() };
    await this.#store.setMany([
      [slotKey(run, index), slot],
      [headKey(run), head],
    ]);
    if (isFirst) await this.#forgetOldest(run);
  }

  async clear(): Promise<void> {
    const keys = await this.#store.keys();
    await this.#store.deleteMany(keys.filter((key) => key.startsWith(PREFIX)));
  }

  async #forgetOldest(newest: string): Promise<void> {
    const keys = await this.#store.keys();
    const runs = new Set(keys.flatMap((key) => (key.startsWith(PREFIX) ? [key.split('/')[1] ?? ''] : [])));
    runs.delete(newest);
    const heads = await Promise.all(
      [...runs].map(async (run) => ({ run, saved_at: (await this.#head(run))?.saved_at ?? 0 })),
    );
    const surplus = heads.sort((a, b) => b.saved_at - a.saved_at).slice(KEPT - 1);
    await this.#store.deleteMany(surplus.flatMap(({ run }) => [headKey(run), slotKey(run, 0), slotKey(run, 1)]));
  }

  async #slot(run: string, index: Place['slot']): Promise<StoredCheckpoint | undefined> {
    const { format, seq, sha256: expected, bytes } = fieldsOf(await this.#store.get(slotKey(run, index)));
    if (format !== FORMAT || !isSequence(seq) || !isBytes(expected) || !isBytes(bytes)) return undefined;
    const actual = await sha256(bytes);
    const isWhole = actual.length === expected.length && actual.every((byte, at) => byte === expected[at]);
    return isWhole ? { slot: index, seq, bytes } : undefined;
  }

  async #head(run: string): Promise<Head | undefined> {
    const { format, seq, saved_at } = fieldsOf(await this.#store.get(headKey(run)));
    if (format !== FORMAT || !isSequence(seq) || typeof saved_at !== 'number') return undefined;
    return { format, seq, saved_at };
  }
}

const headKey = (run: string): string => `${PREFIX}${run}/head`;
const slotKey = (run: string, index: Place['slot']): string => `${PREFIX}${run}/${index}`;

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Record<string, unknown>;
}

/** Far from where the next one would be the same number. */
function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 50;
}

function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
