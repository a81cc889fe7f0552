import type { ByteStream } from '../core/input/file_source';
import { totalOf } from '../core/numbers/numbers';
import type { ProgressInfo } from '../core/types/source';

interface ProgressOptions {
  /** The model's name in events. */
  readonly name: string;
  readonly progress_callback?: ((info: ProgressInfo) => void) | undefined;
  /** Returns a time in milliseconds. Only differences between times are used. */
  readonly now?: (() => number) | undefined;
}

/** The cached part of a file: all of it, or its first bytes. */
export type CachedPart = { readonly cached: true } | { readonly resumedFrom: number };

/** The minimum number of milliseconds between two `progress` events of a file, as each event is sent from the worker to the page. */
const EVENT_INTERVAL_MS = 100;
/** The milliseconds over which the speed is averaged: long enough for a steady value, short enough to follow a changing connection. */
const SPEED_WINDOW_MS = 5000;

/** Converts received bytes to transformers.js' progress events, per file and over all files. */
export class Progress {
  readonly #name: string;
  readonly #callback: ((info: ProgressInfo) => void) | undefined;
  readonly #now: () => number;
  /** The files by name, so that a file that is opened again counts once. */
  readonly #files = new Map<string, FileProgress>();
  #expected: number | undefined;
  /** The last reported percentage of all bytes. It never falls, even when a file of unexpected size is added. */
  #share = 0;
  #verifiedAt = Number.NEGATIVE_INFINITY;
  #samples: readonly { readonly time: number; readonly loaded: number }[] = [];

  constructor({ name, progress_callback, now = () => performance.now() }: ProgressOptions) {
    this.#name = name;
    this.#callback = progress_callback;
    this.#now = now;
  }

  /** Sets the total size of all files in bytes; from then on, `progress_total` is reported. */
  expect(bytes: number): void {
    this.#expected = bytes;
  }

  /** Emits `initiate` and `download` for a file. `total` is the size that the server reports, or undefined. */
  start(file: string, total: number | undefined, cached?: CachedPart): FileProgress {
    const progress = new FileProgress(file, total, cached, (done) => this.#report(progress, done));
    this.#files.set(file, progress);
    this.#emit({ status: 'initiate', name: this.#name, file, ...cached });
    this.#emit({ status: 'download', name: this.#name, file, ...cached });
    return progress;
  }

  /**
   * Records that `bytes` more bytes of a file match their hash. Once the total size is known, a `verify` event reports the verified share.
   */
  verify(file: string, bytes: number): void {
    const found = this.#files.get(file);
    if (found === undefined) return;
    found.verified += bytes;
    const time = this.#now();
    const isDone = found.verified >= found.total;
    if (this.#expected === undefined || (!isDone && time - this.#verifiedAt < EVENT_INTERVAL_MS)) return;
    this.#verifiedAt = time;
    // Files without a hash are never verified, so they don't count.
    const compared = [...this.#files.values()].filter(({ verified }) => verified > 0);
    const verified = totalOf(compared, (it) => it.verified);
    const total = totalOf(compared, (it) => it.total);
    this.#emit({ status: 'verify', name: this.#name, progress: percentage(verified, Math.max(total, this.#expected)) });
  }

  #report(file: FileProgress, done: boolean): void {
    const time = this.#now();
    if (!done && time - file.reportedAt < EVENT_INTERVAL_MS) return;
    file.reportedAt = time;
    const name = this.#name;
    const { loaded, total } = file;
    this.#emit({ status: 'progress', name, file: file.file, progress: percentage(loaded, total), loaded, total });
    if (done) this.#emit({ status: 'done', name, file: file.file, ...file.cached });
    if (this.#expected !== undefined) this.#reportTotal(this.#expected, time);
  }

  #reportTotal(expected: number, time: number): void {
    const files = [...this.#files.values()];
    const loaded = totalOf(files, (file) => file.loaded);
    const total = Math.max(
      totalOf(files, (file) => file.total),
      expected,
    );
    this.#share = Math.max(this.#share, percentage(loaded, total));
    const bytesPerSecond = this.#speed(loaded, time);
    this.#emit({
      status: 'progress_total',
      name: this.#name,
      progress: this.#share,
      loaded,
      total,
      ...(bytesPerSecond > 0 ? { bytesPerSecond, secondsLeft: (total - loaded) / bytesPerSecond } : {}),
    });
  }

  #speed(loaded: number, time: number): number {
    const recent = this.#samples.filter((sample) => time - sample.time <= SPEED_WINDOW_MS);
    this.#samples = [...recent, { time, loaded }];
    const first = this.#samples[0];
    if (first === undefined || first.time === time) return 0;
    return ((loaded - first.loaded) / (time - first.time)) * 1000;
  }

  #emit(info: ProgressInfo): void {
    this.#callback?.(info);
  }
}

/** The progress of one file in bytes. */
class FileProgress {
  loaded = 0;
  reportedAt = Number.NEGATIVE_INFINITY;
  /** The number of bytes that match their hash. */
  verified = 0;
  readonly file: string;
  readonly cached: CachedPart | undefined;
  readonly #total: number;
  readonly #report: (done: boolean) => void;

  constructor(
    file: string,
    total: number | undefined,
    cached: CachedPart | undefined,
    report: (done: boolean) => void,
  ) {
    this.file = file;
    this.cached = cached;
    this.#total = total ?? 0;
    this.#report = report;
  }

  /**
   * The size of the whole file in bytes. It is at least the number of received bytes: for a compressed file, the size that the server
   * reports is too small.
   */
  get total(): number {
    return Math.max(this.#total, this.loaded);
  }

  add(bytes: number): void {
    this.loaded += bytes;
    this.#report(false);
  }

  done(): void {
    this.#report(true);
  }
}

/** Wraps a stream to report its bytes as progress while they are read. `start` is called at the first read. */
export function tracked(stream: ByteStream, start: () => FileProgress, signal?: AbortSignal): ByteStream {
  let progress: FileProgress | undefined;
  let hasEnded = false;
  return {
    get size() {
      return stream.size;
    },
    async read() {
      signal?.throwIfAborted();
      if (hasEnded) return undefined;
      progress ??= start();
      const chunk = await stream.read();
      if (chunk !== undefined) {
        progress.add(chunk.length);
      } else {
        hasEnded = true;
        progress.done();
      }
      return chunk;
    },
    async cancel() {
      hasEnded = true;
      await stream.cancel();
    },
  };
}

function percentage(loaded: number, total: number): number {
  return total === 0 ? 0 : (loaded / total) * 100;
}
