import { WebVeraError } from '../../core/errors/error';
import type { LoadedProgram } from '../../graph/runner';
import type { Step } from '../../graph/step';
import { pinned, transient, type Value } from '../../graph/value';
import type { DeviceInfo } from '../device_host';
import type { Executor } from '../executor';
import { type Candidates, candidatesFor } from './candidates';
import type { ChosenVariants } from './choice';
import { type Entrant, type Lab, tune } from './tuning';

/**
 * Measures variants on the executor's device, with the values that they would read in a run. Their writes are redirected to scratch memory.
 */
export class VariantLab implements Lab {
  readonly #executor: Executor;
  /** A value whose read resolves once all work that was queued before is finished. */
  readonly #done = pinned('tuned', [1]);

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  now(): number {
    return performance.now();
  }

  async prepare({ kernel, works }: Candidates, variant: string): Promise<Entrant | undefined> {
    const steps = works.map(({ step }) => elsewhere(step));
    const program = await this.#load(`${kernel}/${variant}`, steps, { [kernel]: variant });
    if (program === undefined) return undefined;
    const release = (): void => program.release();
    try {
      // Drivers may compile a kernel only when it runs for the first time.
      for (const work of works.keys()) await this.#run(program, work, 1);
      return { variant, release, run: (work, times) => this.#run(program, work, times) };
    } catch (error) {
      release();
      throw error;
    }
  }

  close(): void {
    this.#executor.free([this.#done]);
  }

  /** Loads a variant. Returns undefined if the driver can't compile it or if memory is too small: tuning continues without the variant. */
  async #load(
    name: string,
    steps: readonly Step[],
    chosen: Readonly<Record<string, string>>,
  ): Promise<LoadedProgram | undefined> {
    try {
      return await this.#executor.load({ name, steps, outputs: [] }, { chosen });
    } catch (error) {
      this.#executor.check();
      if (error instanceof WebVeraError && (error.code === 'internal' || error.code === 'out_of_memory'))
        return undefined;
      throw error;
    }
  }

  async #run(program: LoadedProgram, work: number, times: number): Promise<void> {
    await this.#executor.allocate([this.#done]);
    this.#executor.replay(program, work, times);
    await this.#executor.read(this.#done);
  }
}

/** Returns the step with scratch memory in place of the pinned values that it writes. */
function elsewhere(step: Step): Step {
  const scratch = ([name, value]: [string, Value]): [string, Value] => {
    const reads = step.kernel.bindings[name] === 'read';
    return [name, reads || !value.pinned ? value : transient(value.name, value.shape, value.dtype)];
  };
  return { ...step, values: Object.fromEntries(Object.entries(step.values).map(scratch)) };
}

/**
 * Measures which variants are fastest for these steps on this device. It takes up to ten seconds, mostly for compiling. The values that the
 * steps would write stay unchanged.
 */
export async function tuneKernels(
  executor: Executor,
  info: DeviceInfo,
  steps: readonly Step[],
  signal: AbortSignal,
): Promise<ChosenVariants> {
  const lab = new VariantLab(executor);
  try {
    return await tune(candidatesFor(steps, info), lab, signal);
  } finally {
    lab.close();
  }
}
