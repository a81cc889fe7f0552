import { WebVeraError } from '../../core/errors/error';
import type { LoadedProgram } from '../../graph/runner';
import type { Step } from '../../graph/step';
import { transient, type Value } from '../../graph/value';
import type { DeviceInfo } from '../device_host';
import type { Executor } from '../executor';
import { timeQueue } from '../timing';
import { candidatesFor } from './candidates';
import type { ChosenVariants } from './choice';
import { type Lab, tune } from './tuning';

/**
 * Measures variants on the executor's device, with the values that they would read in a run. Their writes are redirected to scratch memory.
 */
export function variantLab(executor: Executor): Lab {
  return {
    now: () => performance.now(),
    async prepare({ kernel, works }, variant) {
      const steps = works.map(({ step }) => elsewhere(step));
      const program = await load(executor, `${kernel}/${variant}`, steps, { [kernel]: variant });
      if (program === undefined) return undefined;
      const release = (): void => program.release();
      const run = async (work: number, times: number): Promise<void> => {
        await timeQueue(executor, () => executor.replay(program, work, times), times);
      };
      try {
        // Drivers may compile a kernel only when it runs for the first time.
        for (const work of works.keys()) await run(work, 1);
        return { variant, release, run };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

/** Loads a variant. Returns undefined if the driver can't compile it or if memory is too small: tuning continues without the variant. */
async function load(
  executor: Executor,
  name: string,
  steps: readonly Step[],
  chosen: ChosenVariants,
): Promise<LoadedProgram | undefined> {
  try {
    return await executor.load({ name, steps, outputs: [] }, { chosen });
  } catch (error) {
    executor.check();
    if (error instanceof WebVeraError && (error.code === 'internal' || error.code === 'out_of_memory'))
      return undefined;
    throw error;
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
  return tune(candidatesFor(steps, info), variantLab(executor), signal);
}
