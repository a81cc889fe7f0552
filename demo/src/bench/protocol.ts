import type { ErrorCode } from 'webvera/bench';
import type { BenchReport } from '../../../bench/report/bench_report.mjs';
import type { CaseName } from '../../../bench/workload/cases.mjs';

export interface BenchJob {
  readonly name: CaseName;
  /** The number of tokens in each sequence of a batch. */
  readonly length: number;
  readonly rounds: number;
  /** The address of the bundled model's folder. */
  readonly bundled: string;
  /** The browser's user agent. */
  readonly engine: string;
}

/** Reports the progress of a part of the work. */
export type OnStep = (done: number, total: number, what: string) => void;

/** An error as the worker sends it. `code` is undefined for an error that isn't the library's. */
export interface Failure {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string;
}

export type BenchOutcome =
  | { readonly type: 'done'; readonly report: BenchReport }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly failure: Failure };

/** The worker's methods. Each worker is used for one run. */
export interface BenchWorker {
  run(job: BenchJob, onStep: OnStep): Promise<BenchOutcome>;
  /** Stops the run after the current submit. */
  cancel(): void;
}
