import type { AdapterFiles } from 'webvera';

/** How many of those held out were told right. */
export interface Measured {
  readonly right: number;
  readonly of: number;
}

/** What came of the last run: an adapter with its head, and the classes that it tells apart. */
export interface Learnt {
  readonly labels: readonly string[];
  readonly files: AdapterFiles;
  /** How many samples it learnt from. */
  readonly samples: number;
  readonly measured: Measured | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}
