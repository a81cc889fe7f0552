import type { BenchReport } from '../../../bench/report/bench_report.mjs';
import type { DeviceCheck } from '../library/device';
import type { Banner } from '../page/banner';
import type { Store } from '../page/store';

export interface BenchState {
  /** undefined until it is known. */
  readonly device: DeviceCheck | undefined;
  readonly phase: 'idle' | 'running' | 'stopping';
  /** Of the last run that came to its end. */
  readonly report: BenchReport | undefined;
}

/** What the page's cards have at hand. */
export interface BenchApp {
  readonly store: Store<BenchState>;
  readonly banner: Banner;
}
