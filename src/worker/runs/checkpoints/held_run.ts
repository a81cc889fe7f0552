import { untilAborted } from '../../../core/async/abort';
import { WebVeraError } from '../../../core/errors/error';
import type { Holder } from '../../../core/locks/held_name';
import type { TrainOutput } from '../../../core/types/training';
import type { Restored } from '../../../train/training_init';
import type { TrainingRun } from '../../../train/training_run';
import { type CheckpointedRun, type CheckpointHost, RunCheckpoints } from './run_checkpoints';

/** A run that is ready to train. */
export interface CreatedRun {
  readonly run: Pick<TrainingRun, 'control' | 'standstill'>;
  /** The rows that the run trains on: empty until the data set is read. */
  rows(): readonly unknown[];
  /** Trains to the end. Rejects with `locked_by_other_tab` if another tab takes the run over. */
  train(): Promise<TrainOutput>;
  /** Checks whether another tab has taken the run over. */
  check(): Promise<void>;
}

export interface HoldRequest {
  readonly checkpoints: CheckpointHost;
  /** Whether to resume from a checkpoint: true for the last one, if there is one; a name for one that must exist. */
  readonly resume: boolean | string;
  /** Whether to take the run over from another tab or session. */
  readonly takesOver: boolean;
  readonly signal: AbortSignal;
  /** Called when another tab asks for the run. The run then stops in this tab. */
  onAsked?(): void;
}

interface HoldOptions {
  readonly run: Pick<TrainingRun, 'control'>;
  /** The run's last step. */
  readonly end: number;
  /** Aborts `open`, which then rejects. */
  readonly until: AbortSignal;
}

interface HeldCheckpoints {
  readonly checkpoints: RunCheckpoints;
  /** The state to resume from, if any. */
  readonly restored: Restored | undefined;
}

/** Holds a run's checkpoints for this session, until another tab takes the run over. */
export class RunHold {
  /** Aborts with the request's signal, and when another tab takes the run over. */
  readonly signal: AbortSignal;
  readonly #request: HoldRequest;
  readonly #lost = new AbortController();
  #opened:
    | { readonly checkpoints: RunCheckpoints; readonly rows: readonly unknown[]; readonly end: number }
    | undefined;
  #isAsked = false;

  constructor(request: HoldRequest) {
    this.#request = request;
    this.signal = AbortSignal.any([request.signal, this.#lost.signal]);
  }

  /** Opens the checkpoints, and restores the requested state. When another tab asks for the run later, the run stops. */
  async open(parts: Omit<CheckpointedRun, 'holder'>, { run, end, until }: HoldOptions): Promise<HeldCheckpoints> {
    const { checkpoints: host, resume, takesOver } = this.#request;
    const holder: Holder = {
      onAsked: () => {
        this.#isAsked = true;
        run.control({ should_training_stop: true });
        this.#request.onAsked?.();
      },
      onLost: () => this.#lost.abort(takenOver()),
    };
    const checkpoints = new RunCheckpoints(host, { ...parts, holder });
    this.#opened = { checkpoints, rows: parts.rows, end };
    try {
      if (takesOver) await untilAborted(checkpoints.takeOver(until), until);
      const restored = resume === false ? undefined : await untilAborted(checkpoints.restore(resume, end), until);
      until.throwIfAborted();
      return { checkpoints, restored };
    } catch (error) {
      checkpoints.close();
      throw error;
    }
  }

  /** Returns the run with two functions of this hold: `train`, which rejects if another tab takes the run over, and `check`. */
  around(run: CreatedRun['run'] & Pick<TrainingRun, 'run'>): CreatedRun {
    return {
      run,
      rows: () => this.#opened?.rows ?? [],
      train: async () => {
        const output = await run.run();
        if (this.#isAsked && output.global_step < (this.#opened?.end ?? Number.POSITIVE_INFINITY)) throw takenOver();
        return output;
      },
      check: async () => this.#opened?.checkpoints.check(),
    };
  }
}

function takenOver(): WebVeraError {
  return new WebVeraError('locked_by_other_tab', 'Another tab has taken the run over, and it has ended here', {
    hint: 'The run continues there; take_over: true takes it back.',
    detail: { taken_over: true },
  });
}
