import { exampleFields } from '../../core/types/example';
import type { Dataset, Example, FileFormat, SentExample } from '../../core/types/training';
import type { DataSource, DatasetName } from '../../worker/protocol';
import { defined, wrong } from '../session/options';
import { anyDataset, isCsv } from './dataset_rules';

/**
 * A data set: its description for the worker, and the feed that answers the worker's requests. A Blob has no feed: the worker reads the
 * Blob itself.
 */
export interface OpenDataset {
  readonly name: DatasetName;
  readonly source: DataSource;
  readonly feed: Feed | undefined;
}

/** The number of bytes of pixels after which a chunk ends, so that messages stay small. */
const MOST_BYTES = 2 ** 24;

interface Chunk {
  readonly examples: readonly SentExample[];
  /** Whether these are the last examples. */
  readonly done: boolean;
}

export function openDataset(name: DatasetName, dataset: Dataset): OpenDataset {
  if (!anyDataset.accepts(dataset)) throw wrong(name, anyDataset.expected, dataset, anyDataset.hint?.(dataset));
  if (dataset instanceof Blob) {
    return { name, source: { kind: 'blob', blob: dataset, format: formatOf(dataset) }, feed: undefined };
  }
  const length = Array.isArray(dataset) ? dataset.length : undefined;
  return { name, source: { kind: 'feed', name, ...defined({ length }) }, feed: new Feed(name, dataset) };
}

/**
 * Reads a data set's examples one by one, and returns them in chunks of bounded size. It reads the data set once and
 * holds the examples in memory, so that `take` can return them again after `rewind`.
 */
export class Feed {
  readonly #name: string;
  readonly #dataset: Iterable<Example> | AsyncIterable<Example>;
  /** Undefined until the first read, because an iterator of a ReadableStream locks the stream. */
  #iterator: Iterator<Example> | AsyncIterator<Example> | undefined;
  readonly #taken: SentExample[] = [];
  #handedOut = 0;
  #done = false;
  /**
   * The pending read; only one runs at a time. A rejected read is never cleared: a generator that has thrown would report its end at the
   * next read.
   */
  #next: Promise<void> | undefined;
  /** How often `rewind` was called. */
  #rewinds = 0;

  constructor(name: string, dataset: Iterable<Example> | AsyncIterable<Example>) {
    this.#name = name;
    this.#dataset = dataset;
  }

  /**
   * Returns at most `count` examples, and at least one unless there are no more. Rejects with the data set's error, and `invalid_argument`
   * for a value that isn't an example.
   */
  async take(count: number): Promise<Chunk> {
    const first = this.#handedOut;
    const rewinds = this.#rewinds;
    const examples: SentExample[] = [];
    for (let bytes = 0; examples.length < count && bytes < MOST_BYTES; ) {
      const example = await this.#at(first + examples.length);
      if (example === undefined) break;
      examples.push(example);
      bytes += pixelBytes(example);
    }
    // The feed was rewound meanwhile: these examples belong to the next reader.
    if (rewinds !== this.#rewinds) return { examples: [], done: false };
    this.#handedOut += examples.length;
    return { examples, done: this.#done && this.#handedOut === this.#taken.length };
  }

  /** Starts again at the first example. */
  rewind(): void {
    this.#rewinds += 1;
    this.#handedOut = 0;
  }

  /**
   * Ends the iteration, so that a generator runs its `finally`. If nothing was read yet, the data set isn't touched and can be read later.
   */
  async close(): Promise<void> {
    this.#taken.length = 0;
    if (this.#done) return;
    this.#done = true;
    await this.#iterator?.return?.();
  }

  /** Returns the example at an index; undefined after the last one. */
  async #at(index: number): Promise<SentExample | undefined> {
    while (!this.#done && this.#taken.length <= index) {
      this.#next ??= this.#takeNext().then(() => {
        this.#next = undefined;
      });
      await this.#next;
    }
    return this.#taken[index];
  }

  async #takeNext(): Promise<void> {
    this.#iterator ??= iterate(this.#dataset);
    const next = await this.#iterator.next();
    const count = this.#taken.length;
    // A list returns another iterator each time, and a generator itself.
    if (next.done && count === 0 && (this.#iterator as unknown) === this.#dataset) throw wrong(this.#name, ...SPENT);
    if (next.done) this.#done = true;
    else {
      const fields = Array.isArray(this.#dataset) ? exampleFields : ownExample; // a generator may fill the same image again
      this.#taken.push(fields(`${this.#name}[${count}]`, next.value));
    }
  }
}

const SPENT = [
  'at least one example',
  0,
  'A generator can be read only once: if it was read before, pass a new one.',
] as const;

/** As `exampleFields`, and copies the pixels of an image, too. A Blob isn't copied: it can't change, and Node can't clone one of a file. */
export function ownExample(where: string, example: unknown): SentExample {
  const fields = exampleFields(where, example);
  return pixelBytes(fields) > 0 ? structuredClone(fields) : fields;
}

/** Returns the number of bytes of pixels that are copied when the example is sent in a message. A Blob isn't copied. */
export function pixelBytes(example: SentExample): number {
  if ('pixel_values' in example) return example.pixel_values.data.byteLength;
  if ('prepared' in example) return example.prepared.data.byteLength;
  return 'image' in example && !(example.image instanceof Blob) ? example.image.data.byteLength : 0;
}

function iterate(dataset: Iterable<Example> | AsyncIterable<Example>): Iterator<Example> | AsyncIterator<Example> {
  const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = dataset as AsyncIterable<Example> &
    Iterable<Example>;
  return typeof async === 'function' ? async.call(dataset) : sync.call(dataset);
}

/** Returns the format of a file, by the Blob's type or the file's name. */
export function formatOf(blob: Blob): FileFormat {
  if (/json/i.test(blob.type) || ('name' in blob && /\.(jsonl|ndjson|json)$/i.test(String(blob.name)))) return 'jsonl';
  return isCsv(blob) ? 'csv' : 'text';
}
