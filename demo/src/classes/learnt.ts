import type { AdapterFiles } from 'webvera';

/** The number of held-out samples that were classified correctly. */
export interface Measured {
  readonly right: number;
  readonly of: number;
}

/** The result of the last run: an adapter with its head, and its classes. */
export interface Learnt {
  readonly labels: readonly string[];
  readonly files: AdapterFiles;
  /** The number of training samples. */
  readonly samples: number;
  readonly measured: Measured | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}
