import type { KeptRun } from '../../worker/protocol';
import { callOn } from '../session/default_session';
import { wrong } from '../session/options';
import { anyString } from '../session/rules';
import type { CallOptions } from '../session/session';

/** A run's checkpoints on this device: the last one and the one before it. */
export interface CheckpointInfo {
  /** The run's id. Runs with the same model, adapters and data have the same id. */
  readonly id: string;
  /** The adapters that the run trains. */
  readonly adapter_names: readonly string[];
  /** The step of the last checkpoint; null if an early version of webvera stored it. */
  readonly global_step: number | null;
  /** Whether the run has done all its steps, or has ended early because its evaluations no longer improved. */
  readonly ended: boolean;
  /** The total size of the run's stored checkpoints, in bytes. */
  readonly bytes: number;
  /** When the last checkpoint was stored, in milliseconds since 1970. */
  readonly saved_at: number;
}

/**
 * The checkpoints stored in this browser, by run. When a new run stores its first checkpoint, those of older runs are deleted until four
 * runs are left: first runs that have ended, then runs that stored no checkpoint for 30 days, each time the oldest first. Checkpoints of a
 * run in progress in any tab are never deleted. If 16 other runs are stored and none of them may be deleted, a new run reports
 * `storage_full` as a warning and trains without checkpoints. All methods reject with `storage_unavailable` if the browser's storage fails.
 */
export const checkpoints: {
  /** Lists the runs that have checkpoints, sorted by id. */
  list(options?: CallOptions): Promise<readonly CheckpointInfo[]>;
  /** Deletes a run's checkpoints. A run in progress still stores its next one. An unknown id is no error. */
  delete(id: string, options?: CallOptions): Promise<void>;
} = {
  async list(options = {}) {
    return (await callOn('checkpoints.list', options, (link) => link.request('listRuns'))).map(toInfo);
  },
  async delete(id, options = {}) {
    if (!anyString.accepts(id)) throw wrong('id', anyString.expected, id);
    return callOn('checkpoints.delete', options, (link) => link.request('deleteRun', id));
  },
};

function toInfo({ name, adapters, step, ended, bytes, saved_at }: KeptRun): CheckpointInfo {
  return { id: name, adapter_names: adapters, global_step: step, ended, bytes, saved_at };
}
