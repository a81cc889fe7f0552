import { WebVeraError } from '../core/error';
import type { Step } from '../graph/graph';
import type { LoadedProgram } from '../graph/runner';
import { pinned, transient, type Value } from '../graph/value';
import type { Candidates } from './candidates';
import type { Executor } from './executor';
import type { Entrant, Lab } from './tuning';

/** Measures variants where they will run, on the values that they will read. What they write goes elsewhere. */
export class VariantLab implements Lab {
  readonly #executor: Executor;
  /** Read to know that what was queued is done. */
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
      // Drivers may compile at the first use.
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

  /** Undefined where a driver can't compile it, or memory doesn't suffice: both tell against a variant, not the run. */
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

/** The step with scratch memory in place of the state that it would write to. */
function elsewhere(step: Step): Step {
  const scratch = ([name, value]: [string, Value]): [string, Value] => {
    const reads = step.kernel.bindings[name] === 'read';
    return [name, reads || !value.pinned ? value : transient(value.name, value.shape, value.dtype)];
  };
  return { ...step, values: Object.fromEntries(Object.entries(step.values).map(scratch)) };
}
