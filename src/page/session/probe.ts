import { WebVeraError } from '../../core/errors/error';
import type { DeviceReport } from '../../core/types/device_report';
import { linkOf } from './default_session';
import { checkOptions } from './options';
import { type CallOptions, callRules } from './session';

/** Implements `probe` of `plans/asks.ts`, which documents it. */
export async function probe(options: CallOptions = {}): Promise<DeviceReport> {
  checkOptions('probe', options, callRules);
  try {
    const link = await linkOf(options);
    return await link.call((call) => link.request('probe', call), { signal: options.signal });
  } catch (error) {
    if (!(error instanceof WebVeraError) || error.code === 'invalid_argument' || options.signal?.aborted) throw error;
    const { code, message, hint: fix } = error;
    const storage = { kind: 'memory', persisted: false, usage: 0 } as const;
    return { level: 'unsupported', issues: [{ code, message, fix }], gpu: null, storage };
  }
}
