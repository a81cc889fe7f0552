import type { Sized } from '../../src/graph/work';

/** Its sizes in the order of the record, those of numbered parts (M0, M1, M2) added up. */
export function sizesOf({ kernel, params }: Sized): number[] {
  const sizes = new Map<string, number>();
  for (const [name, type] of Object.entries(kernel.params)) {
    if (type !== 'size') continue;
    const whole = name.replace(/\d$/, '');
    sizes.set(whole, (sizes.get(whole) ?? 0) + (params[name] ?? 0));
  }
  return [...sizes.values()];
}

/** A number to compare dispatches of one kernel by. */
export function workOf(step: Sized): number {
  const flops = step.kernel.flops(step.params);
  return flops > 0 ? flops : sizesOf(step).reduce((product, size) => product * Math.max(1, size), 1);
}
