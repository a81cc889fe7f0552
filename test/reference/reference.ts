/**
 * The exact result of one kernel, written from its formula alone in float64: it fills the arrays of the kernel's
 * `write` and `update` bindings. All numbers are float64, also integers and unpacked halves.
 */
export type Reference = (b: Readonly<Record<string, Float64Array>>, p: Readonly<Record<string, number>>) => void;

/** The array bound to `name`. */
export function bound(b: Readonly<Record<string, Float64Array>>, name: string): Float64Array {
  const array = b[name];
  if (array === undefined) throw new Error(`nothing is bound to ${name}`);
  return array;
}
