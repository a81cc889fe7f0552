import type { ProgressInfo } from 'webvera';

export interface LoadProgress {
  /** The number of loaded bytes, of `total` bytes. `total` is 0 until it is known. */
  readonly loaded: number;
  readonly total: number;
  readonly bytesPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

export const nothingLoaded: LoadProgress = { loaded: 0, total: 0, bytesPerSecond: undefined, secondsLeft: undefined };

/** Adds up the loaded bytes of all files of a model. */
export class LoadMeter {
  readonly #files = new Map<string, { loaded: number; total: number }>();
  #progress = nothingLoaded;

  /** Returns the progress after this report; undefined if the report doesn't change it. */
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

/** A `progress_callback` for `from_pretrained` that reports the progress of all files together until the signal aborts. */
export function loadProgress(
  onProgress: (progress: LoadProgress) => void,
  signal?: AbortSignal,
): (info: ProgressInfo) => void {
  const meter = new LoadMeter();
  return (info) => {
    const progress = meter.update(info);
    if (progress !== undefined && signal?.aborted !== true) onProgress(progress);
  };
}
