import type { RunEvent } from '../core/types/run';
import type { StepLogs } from '../core/types/training';
import type { RunRecord } from './saving/run_record';

interface StepLogInit {
  readonly args: { readonly logging_steps: number };
  readonly record: Pick<RunRecord, 'log' | 'progress'>;
  emit(event: RunEvent): void;
}

/** Logs every step that is a multiple of `logging_steps`, and a step whenever a callback requests it. */
export class StepLog {
  readonly #init: StepLogInit;
  #asked = false;
  /** The last acknowledged step, until it is logged. */
  #last: StepLogs | undefined;

  constructor(init: StepLogInit) {
    this.#init = init;
  }

  /** Requests that the next acknowledged step be logged. */
  ask(): void {
    this.#asked = true;
  }

  /** Adds an acknowledged step. */
  add(logs: StepLogs): void {
    this.#last = logs;
    if (logs.step % this.#init.args.logging_steps === 0) this.#asked = true;
    this.answer();
  }

  /** Logs the last acknowledged step if a log is requested and the step isn't logged yet. Returns whether it was logged. */
  answer(): boolean {
    const { record, emit } = this.#init;
    const logs = this.#last;
    // After a return to an earlier state, the last acknowledged step no longer counts.
    if (!this.#asked || logs?.step !== record.progress.global_step) return false;
    this.#asked = false;
    this.#last = undefined;
    record.log(logs);
    emit({ type: 'log', logs });
    return true;
  }
}
