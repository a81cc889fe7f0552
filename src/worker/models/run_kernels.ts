import type { KernelChoice } from '../../core/kernels/kernel_choice';
import { ChosenRunner } from '../../gpu/choice/chosen_runner';
import type { Executor } from '../../gpu/executor';
import type { Tune } from '../../train/training_init';
import type { SessionKernels } from './session_kernels';

/** The kernels of one run: the session's as it begins, or those that it began with once. They are the same to its end. */
export class RunKernels {
  readonly runner: ChosenRunner;
  readonly #executor: Executor;
  readonly #session: SessionKernels;
  #resumed = false;

  /** Of a run that begins now. Throws `internal` before a device was opened. */
  constructor(session: SessionKernels) {
    this.#session = session;
    this.#executor = session.executor;
    this.runner = new ChosenRunner(this.#executor);
  }

  /** What is to be done before the first step: nothing unless the session is to be tuned, or the run has its kernels. */
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

  /** Goes on with the kernels that the run was begun with, where it can; else with a warning. */
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
