import type { AnyKernel } from '../core/kernels/kernel';
import type { Value } from './value';

/** One dispatch of a program. */
export interface Step {
  readonly kernel: AnyKernel;
  readonly values: Readonly<Record<string, Value>>;
  readonly params: Readonly<Record<string, number>>;
  /**
   * The index of the chunk of steps to which this step belongs. A run can skip chunks: it encodes the step only if the run's `chunks`
   * exceeds the index. Undefined for steps that always run.
   */
  readonly chunk: number | undefined;
}

/** Returns the values that a step creates. */
export function madeBy(step: Step): Value[] {
  return boundBy(step, (access) => access === 'write');
}

/** Returns the values that a step reads or updates. */
export function usedBy(step: Step): Value[] {
  return boundBy(step, (access) => access !== 'write');
}

/** Returns the values that a step updates in place. */
export function updatedBy(step: Step): Value[] {
  return boundBy(step, (access) => access === 'update');
}

function boundBy({ kernel, values }: Step, fits: (access: string) => boolean): Value[] {
  return Object.entries(kernel.bindings).flatMap(([name, access]) => {
    const value = values[name];
    return value !== undefined && fits(access) ? [value] : [];
  });
}
