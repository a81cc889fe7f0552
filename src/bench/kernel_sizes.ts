import type { Sized } from '../graph/work';

/** As the records name them: dimensions by capitals, which may be numbered for parts that lie side by side. */
const SIZE = /^([A-Z][a-z]*)(\d?)$|^(size|count|rows|longest)$/;

/** Its sizes in the order of the record, those of parts added up. */
export function sizesOf({ kernel, params }: Sized): number[] {
  const sizes = new Map<string, number>();
  for (const name of Object.keys(kernel.params)) {
    const [, dimension] = name.match(SIZE) ?? [];
    if (!SIZE.test(name)) continue;
    const key = dimension ?? name;
    sizes.set(key, (sizes.get(key) ?? 0) + (params[name] ?? 0));
  }
  return [...sizes.values()];
}

/** A number to compare dispatches of one kernel by. */
export function workOf(step: Sized): number {
  const flops = step.kernel.flops(step.params);
  return flops > 0 ? flops : sizesOf(step).reduce((product, size) => product * Math.max(1, size), 1);
}
