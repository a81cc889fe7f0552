import type { AnyKernel } from '../../core/kernels/kernel';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import type { Value } from '../../graph/value';

/** The largest size of a buffer binding, in bytes, that every device supports: WebGPU's default limit. */
export const ALWAYS_BOUND = 2 ** 27;

/** Values and params by name, in addition to those of the replaced step. */
interface Further {
  readonly values?: Readonly<Record<string, Value>>;
  readonly params: Readonly<Record<string, number>>;
}

/**
 * Emits a kernel that does the work of `step` and of the op after it. The caller has already removed `step` from the graph. The kernel's
 * operands have the same names as those of the step.
 */
export function emitFollower(
  g: Graph,
  kernel: AnyKernel,
  step: Step,
  further: Further,
  made: Readonly<Record<string, Value>>,
): void {
  const values = Object.entries({ ...step.values, ...further.values });
  const params = Object.entries({ ...step.params, ...further.params });
  g.emit(
    kernel,
    Object.fromEntries(values.filter(([name]) => kernel.bindings[name] === 'read')),
    made,
    Object.fromEntries(params.filter(([name]) => name in kernel.params)),
  );
}
