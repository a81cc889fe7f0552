import type { BlobStore } from './blob_store';

/** A checkpoint as it is stored. */
export interface StoredCheckpoint {
  readonly slot: 0 | 1;
  /** Rises with every save under a name. */
  readonly seq: number;
  /** Whose it is: one training from its start, however often it was resumed. */
  readonly training: string;
  /** The names of the adapters that train. */
  readonly adapters: readonly string[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What is stored of a checkpoint beside its bytes, and once more as the head: that of the last. */
interface Label {
  readonly format: typeof FORMAT;
  readonly seq: number;
  readonly training: string;
  readonly adapters: readonly string[];
  /** Milliseconds since 1970. */
  readonly saved_at: number;
}

/** Bumped when older code could misread what is stored. */
const FORMAT = 2;
export const CHECKPOINTS = 'checkpoint/';
/** Names whose checkpoints are kept. */
const KEPT = 4;

/**
 * Two checkpoints under each name: the last, and the one before it, in whose place the next one goes. A write is one
 * transaction, so whatever happens while it is under way, the last one is still there.
 */
export class CheckpointStore {
  readonly #store: BlobStore;
  /** Changes come one after the other, so that what is deleted is not written by what was under way. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: BlobStore) {
    this.#store = store;
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
   * Writes over what lies in the slot. `seq` is above that of all that `load` found, and 0 for the first one under a name,
   * with which the oldest others go.
   */
  save(name: string, checkpoint: StoredCheckpoint): Promise<void> {
    return this.#afterOthers(() => this.#save(name, checkpoint));
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

  async #save(name: string, { slot, seq, training, adapters, bytes }: StoredCheckpoint): Promise<void> {
    const label: Label = { format: FORMAT, seq, training, adapters, saved_at: Date.now() };
    await this.#store.setMany([
      [slotKey(name, slot), { ...label, sha256: await sha256(bytes), bytes }],
      [headKey(name), label],
    ]);
    if (seq === 0) await this.#forgetOldest(name);
  }

  async #deleteOf(adapter: string): Promise<number> {
    let deleted = 0;
    for (const name of await this.#names()) {
      const parts = await Promise.all(keysOf(name).map((key) => this.#store.get(key)));
      // Where the head is damaged the slots tell.
      if (!parts.some((part) => readLabel(part)?.adapters.includes(adapter))) continue;
      await this.#store.deleteMany(keysOf(name));
      for (const { bytes } of parts.map(fieldsOf)) deleted += isBytes(bytes) ? bytes.length : 0;
    }
    return deleted;
  }

  async #forgetOldest(newest: string): Promise<void> {
    const others = (await this.#names()).filter((name) => name !== newest);
    const saved = await Promise.all(
      others.map(async (name) => ({ name, at: readLabel(await this.#store.get(headKey(name)))?.saved_at ?? 0 })),
    );
    const surplus = saved.sort((a, b) => b.at - a.at).slice(KEPT - 1);
    await this.#store.deleteMany(surplus.flatMap(({ name }) => keysOf(name)));
  }

  async #names(): Promise<string[]> {
    const keys = await this.#store.keys();
    return [...new Set(keys.flatMap((key) => (key.startsWith(CHECKPOINTS) ? [key.split('/')[1] ?? ''] : [])))];
  }

  async #slot(name: string, slot: 0 | 1): Promise<StoredCheckpoint | undefined> {
    const value = await this.#store.get(slotKey(name, slot));
    const { sha256: expected, bytes } = fieldsOf(value);
    const label = readLabel(value);
    if (label === undefined || !isBytes(expected) || !isBytes(bytes)) return undefined;
    const actual = await sha256(bytes);
    const isWhole = actual.length === expected.length && actual.every((byte, at) => byte === expected[at]);
    return isWhole ? { slot, seq: label.seq, training: label.training, adapters: label.adapters, bytes } : undefined;
  }
}

const headKey = (name: string): string => `${CHECKPOINTS}${name}/head`;
const slotKey = (name: string, slot: 0 | 1): string => `${CHECKPOINTS}${name}/${slot}`;
const keysOf = (name: string): string[] => [headKey(name), slotKey(name, 0), slotKey(name, 1)];

function readLabel(value: unknown): Label | undefined {
  const { format, seq, training, adapters, saved_at } = fieldsOf(value);
  const isKnown =
    format === FORMAT &&
    isSequence(seq) &&
    typeof training === 'string' &&
    Array.isArray(adapters) &&
    typeof saved_at === 'number';
  return isKnown ? { format, seq, training, adapters: adapters.map(String), saved_at } : undefined;
}

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
