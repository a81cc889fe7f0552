import type { KernelChoice } from '../../core/kernels/kernel_choice';
import { ChosenRunner } from '../../gpu/choice/chosen_runner';
import type { Executor } from '../../gpu/executor';
import type { Tune } from '../../train/training_init';
import type { SessionKernels } from './session_kernels';

/** The kernel choice of one run, the same for all its steps: the session's choice when the run starts, or the choice of its checkpoint. */
export class RunKernels {
  readonly runner: ChosenRunner;
  readonly #executor: Executor;
  readonly #session: SessionKernels;
  #resumed = false;

  /** Starts with the session's kernels. Throws `internal` if no device has been opened. */
  constructor(session: SessionKernels) {
    this.#session = session;
    this.#executor = session.executor;
    this.runner = new ChosenRunner(this.#executor);
  }

  /** Returns the tuning to do before the first step; undefined if none is needed, or if the run uses a checkpoint's kernels. */
  tuning(): Tune | undefined {
    const tune = this.#resumed ? undefined : this.#session.tuning();
    return (
      tune &&
      (async (steps, signal) => {
        await tune(steps, signal);
        this.runner.chosen = this.#executor.chosen;
      })
    );
  }

  /** Uses the kernels of a checkpoint if possible. Otherwise uses the session's kernels, and warns if they differ. */
  async resume(made: KernelChoice): Promise<void> {
    const variants = await this.#session.resumed(made);
    if (variants === undefined) return;
    this.runner.chosen = variants;
    this.#resumed = true;
  }

  choice(): Promise<KernelChoice> {
    return this.#session.choice(this.runner.chosen);
  }
}
