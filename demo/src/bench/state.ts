import type { BenchReport } from '../../../bench/report/bench_report.mjs';
import type { DeviceCheck } from '../library/device';
import type { Banner } from '../page/banner';
import type { Store } from '../page/store';

export interface BenchState {
  /** The result of the device check; undefined until the check ends. */
  readonly device: DeviceCheck | undefined;
  readonly phase: 'idle' | 'running' | 'stopping';
  /** The report of the last complete run. */
  readonly report: BenchReport | undefined;
}

/** The state that all cards of the page share. */
export interface BenchApp {
  readonly store: Store<BenchState>;
  readonly banner: Banner;
}
