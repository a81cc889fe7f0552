/**
 * Computes the exact result of one kernel in float64, written from its formula alone. Fills the arrays of the kernel's
 * `write` and `update` bindings. All numbers are passed as float64, even integers and unpacked halves.
 */
export type Reference = (b: Readonly<Record<string, Float64Array>>, p: Readonly<Record<string, number>>) => void;

/** Returns the array that is bound to `name`. */
export function bound(b: Readonly<Record<string, Float64Array>>, name: string): Float64Array {
  const array = b[name];
  if (array === undefined) throw new Error(`nothing is bound to ${name}`);
  return array;
}
