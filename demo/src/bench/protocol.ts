import type { ErrorCode } from 'webvera/bench';
import type { BenchReport } from '../../../bench/report/bench_report.mjs';
import type { CaseName } from '../../../bench/workload/cases.mjs';

export interface BenchJob {
  readonly name: CaseName;
  /** Tokens of a row. */
  readonly length: number;
  readonly rounds: number;
  /** Where the model lies that comes with the demo: a folder's address. */
  readonly bundled: string;
  /** The browser, in its own words. */
  readonly engine: string;
}

/** How far a part of the work is. */
export type OnStep = (done: number, total: number, what: string) => void;

/** An error that can cross from the worker. Without a code it is none of webvera's. */
export interface Failure {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string;
}

export type BenchOutcome =
  | { readonly type: 'done'; readonly report: BenchReport }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly failure: Failure };

/** What the worker answers to: one run in its life. */
export interface BenchWorker {
  run(job: BenchJob, onStep: OnStep): Promise<BenchOutcome>;
  /** The run then ends with the submit that is at work. */
  cancel(): void;
}
