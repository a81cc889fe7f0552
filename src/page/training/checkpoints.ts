import type { KeptRun } from '../../worker/protocol';
import { linkOf } from '../session/default_session';
import { anyString, checkOptions, wrong } from '../session/options';
import { type CallOptions, callRules } from '../session/session';

/** What is kept of a run on this device: its last checkpoint and the one before it. */
export interface CheckpointInfo {
  /** Of the run: the same for the same model, adapters and data. */
  readonly id: string;
  /** The adapters that it trains. */
  readonly adapter_names: readonly string[];
  /** That the last one is of; null where an early version of webvera stored it. */
  readonly global_step: number | null;
  /** Whether the run had done all its steps by then. */
  readonly ended: boolean;
  /** Of both together. */
  readonly bytes: number;
  /** Of the last one, in milliseconds since 1970. */
  readonly saved_at: number;
}

/**
 * The checkpoints stored in this browser, by run. When another run begins to keep its own, those of the oldest go down to
 * four runs in all: of runs that have ended, then of runs that nobody went on with for 30 days, but never of one that goes
 * on, in whichever tab. Up to 16 runs are kept that may not go; the next one is told `storage_full` as a warning, and trains on
 * without checkpoints. All reject with `storage_unavailable` where the browser fails.
 */
export const checkpoints: {
  /** By id, in order. */
  list(options?: CallOptions): Promise<readonly CheckpointInfo[]>;
  /** Deletes what is kept of one run. One that goes on keeps its next checkpoint again. An id that isn't there is no error. */
  delete(id: string, options?: CallOptions): Promise<void>;
} = {
  async list(options = {}) {
    checkOptions('checkpoints.list', options, callRules);
    const link = await linkOf(options);
    const runs = await link.call(() => link.request('listRuns'), options);
    return runs.map(toInfo);
  },
  async delete(id, options = {}) {
    if (!anyString.accepts(id)) throw wrong('id', anyString.expected, id);
    checkOptions('checkpoints.delete', options, callRules);
    const link = await linkOf(options);
    return link.call(() => link.request('deleteRun', id), options);
  },
};

function toInfo({ name, adapters, step, ended, bytes, saved_at }: KeptRun): CheckpointInfo {
  return { id: name, adapter_names: adapters, global_step: step, ended, bytes, saved_at };
}
