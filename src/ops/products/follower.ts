import type { AnyKernel } from '../../core/kernels/kernel';
import type { Graph } from '../../graph/graph';
import type { Step } from '../../graph/step';
import type { Value } from '../../graph/value';

/** Bytes that every device can bind at once: WebGPU's default limit. */
export const ALWAYS_BOUND = 2 ** 27;

/** Values and params by name, beside those of the step that is replaced. */
interface Further {
  readonly values?: Readonly<Record<string, Value>>;
  readonly params: Readonly<Record<string, number>>;
}

/**
 * Emits a kernel that does the work of `step`, which was taken back, and of the op after it. The kernel's operands have the names of the
 * step's.
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
