import { late } from '../../core/async/late';
import type { SessionDevice } from '../models/device';
import type { ModelSources } from '../models/loading/model_sources';
import type { OpenOptions, PlanCalls } from '../protocol';
import type { Answers } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import { probeDevice } from './probe_device';

/** Loads the code that estimates a run. */
export const estimateCode = late(async () => await import('./estimate_run'));

/** The part of a session that reports on devices and estimates memory use. */
export interface PlanRoom {
  readonly calls: Calls;
  readonly device: SessionDevice;
  readonly sources: ModelSources;
  readonly options: Pick<OpenOptions, 'store'>;
}

export const planCalls: Answers<PlanCalls, PlanRoom> = {
  probe(call) {
    return this.calls.run(call, () => probeDevice(() => this.device.adapter(), this.options.store));
  },

  estimate(call, from, request) {
    return this.calls.run(call, async (signal) => {
      const { estimateRun } = await estimateCode();
      const source = this.sources.open(call, from, request.load, signal);
      const { limits } = this.sources;
      return estimateRun(request, { source, limits, device: this.device, signal });
    });
  },
};
