import type { Sized } from '../../src/graph/work';

/** Returns the sizes of a dispatch in the order of the kernel's record. The sizes of numbered parts (M0, M1, M2) are added up. */
export function sizesOf({ kernel, params }: Sized): number[] {
  const sizes = new Map<string, number>();
  for (const [name, type] of Object.entries(kernel.params)) {
    if (type !== 'size') continue;
    const whole = name.replace(/\d$/, '');
    sizes.set(whole, (sizes.get(whole) ?? 0) + (params[name] ?? 0));
  }
  return [...sizes.values()];
}

/** Returns a number for the work of a dispatch. The numbers are comparable only between dispatches of one kernel. */
export function workOf(step: Sized): number {
  const flops = step.kernel.flops(step.params);
  return flops > 0 ? flops : sizesOf(step).reduce((product, size) => product * Math.max(1, size), 1);
}
