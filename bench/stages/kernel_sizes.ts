import type { Sized } from '../../src/graph/work';

/**
 * Returns the sizes of a dispatch, in the order in which the kernel declares them. Sizes whose names differ only in the last digit
 * are added up: M0, M1 and M2 belong to matrix products that one dispatch computes.
 */
export function sizesOf({ kernel, params }: Sized): number[] {
  const sizes = new Map<string, number>();
  for (const [name, type] of Object.entries(kernel.params)) {
    if (type !== 'size') continue;
    const whole = name.replace(/\d$/, '');
    sizes.set(whole, (sizes.get(whole) ?? 0) + (params[name] ?? 0));
  }
  return [...sizes.values()];
}

/** Returns the amount of a dispatch's work, in a unit of its kernel: comparable only with other dispatches of this kernel. */
export function workOf(step: Sized): number {
  const flops = step.kernel.flops(step.params);
  return flops > 0 ? flops : sizesOf(step).reduce((product, size) => product * Math.max(1, size), 1);
}
