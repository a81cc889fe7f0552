import type { AnyKernel } from '../core/kernels/kernel';
import type { Value } from './value';

/** One dispatch of a program. */
export interface Step {
  readonly kernel: AnyKernel;
  readonly values: Readonly<Record<string, Value>>;
  readonly params: Readonly<Record<string, number>>;
  /**
   * The index of a chunk that a run may skip: the step is encoded only if the run's `chunks` exceeds it. Undefined for steps that always
   * run.
   */
  readonly chunk: number | undefined;
}

/** The values that a step creates. */
export function madeBy(step: Step): Value[] {
  return boundBy(step, (access) => access === 'write');
}

/** The values that a step reads or updates. */
export function usedBy(step: Step): Value[] {
  return boundBy(step, (access) => access !== 'write');
}

/** The values that a step updates in place. */
export function updatedBy(step: Step): Value[] {
  return boundBy(step, (access) => access === 'update');
}

function boundBy({ kernel, values }: Step, fits: (access: string) => boolean): Value[] {
  return Object.entries(kernel.bindings).flatMap(([name, access]) => {
    const value = values[name];
    return value !== undefined && fits(access) ? [value] : [];
  });
}
