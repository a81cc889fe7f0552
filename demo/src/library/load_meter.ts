import type { ProgressInfo } from 'webvera';

export interface LoadProgress {
  /** Bytes. `total` is 0 while it isn't known. */
  readonly loaded: number;
  readonly total: number;
  readonly bytesPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

export const nothingLoaded: LoadProgress = { loaded: 0, total: 0, bytesPerSecond: undefined, secondsLeft: undefined };

/** One progress from what a model's files report. */
export class LoadMeter {
  readonly #files = new Map<string, { loaded: number; total: number }>();
  #progress = nothingLoaded;

  /** The progress after this report, or undefined where it changes nothing. */
  update(info: ProgressInfo): LoadProgress | undefined {
    if (info.status === 'progress') {
      this.#files.set(info.file, { loaded: info.loaded, total: info.total });
      const files = [...this.#files.values()];
      const loaded = files.reduce((sum, file) => sum + file.loaded, 0);
      const total = files.reduce((sum, file) => sum + file.total, 0);
      this.#progress = { ...this.#progress, loaded, total: Math.max(total, this.#progress.total) };
    } else if (info.status === 'progress_total') {
      const { loaded, total, bytesPerSecond, secondsLeft } = info;
      this.#progress = { loaded, total, bytesPerSecond, secondsLeft };
    } else {
      return undefined;
    }
    return this.#progress;
  }
}
