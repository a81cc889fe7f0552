import { exampleFields } from '../../core/types/example';
import type { Dataset, Example, FileFormat, SentExample } from '../../core/types/training';
import type { DataSource, DatasetName } from '../../worker/protocol';
import { wrong } from '../session/options';
import { anyDataset, isCsv } from './dataset_rules';

/** A data set as the worker is told of it; and, unless the worker reads it by itself, the feed that answers its calls. */
export interface OpenDataset {
  readonly name: DatasetName;
  readonly source: DataSource;
  readonly feed: Feed | undefined;
}

/** Bytes of the pixels in an answer, after which it ends: messages stay small. */
const MOST_BYTES = 2 ** 24;

interface Chunk {
  readonly examples: readonly SentExample[];
  /** There are no more. */
  readonly done: boolean;
}

export function openDataset(name: DatasetName, dataset: Dataset): OpenDataset {
  if (!anyDataset.accepts(dataset)) throw wrong(name, anyDataset.expected, dataset, anyDataset.hint?.(dataset));
  if (dataset instanceof Blob) {
    return {
      name,
      source: { kind: 'blob', blob: dataset, format: formatOf(dataset) },
      feed: undefined,
    };
  }
  const length = Array.isArray(dataset) ? dataset.length : undefined;
  return {
    name,
    source: { kind: 'feed', name, ...(length === undefined ? {} : { length }) },
    feed: new Feed(name, iterate(dataset)),
  };
}

/**
 * Takes a data set's examples one by one, and hands them out in chunks of bounded size. It goes through the data set once, and
 * remembers what came, so that it can hand all out again.
 */
export class Feed {
  readonly #name: string;
  readonly #iterator: Iterator<Example> | AsyncIterator<Example>;
  readonly #taken: SentExample[] = [];
  #handedOut = 0;
  #done = false;
  /** One is asked for at a time. One that fails stays: a generator that threw looks afterwards as if it had ended. */
  #next: Promise<void> | undefined;
  /** How often it has begun again. */
  #rewinds = 0;

  constructor(name: string, iterator: Iterator<Example> | AsyncIterator<Example>) {
    this.#name = name;
    this.#iterator = iterator;
  }

  /** At most `count` examples, and at least one unless there are no more. Rejects with what the data set throws, and `invalid_argument` for what is no example. */
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
    // Whoever asked is gone, and the examples are another one's now.
    if (rewinds !== this.#rewinds) return { examples: [], done: false };
    this.#handedOut += examples.length;
    return { examples, done: this.#done && this.#handedOut === this.#taken.length };
  }

  /** Begins again with the first example. */
  rewind(): void {
    this.#rewinds += 1;
    this.#handedOut = 0;
  }

  /** Lets a generator run its `finally`. */
  async close(): Promise<void> {
    this.#taken.length = 0;
    if (this.#done) return;
    this.#done = true;
    await this.#iterator.return?.();
  }

  /** Undefined behind the last. */
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
    const next = await this.#iterator.next();
    if (next.done) this.#done = true;
    else this.#taken.push(exampleFields(`${this.#name}[${this.#taken.length}]`, next.value));
  }
}

/** What a message copies. A Blob isn't. */
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

/** What the type or the file's name says. */
export function formatOf(blob: Blob): FileFormat {
  if (/json/i.test(blob.type) || ('name' in blob && /\.(jsonl|ndjson|json)$/i.test(String(blob.name)))) return 'jsonl';
  return isCsv(blob) ? 'csv' : 'text';
}
