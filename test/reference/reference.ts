/**
 * The float64 truth of one kernel, written from its formula alone: fills the arrays of its `write` and `update`
 * bindings. Everything comes as float64, integers and unpacked halves too.
 */
export type Reference = (b: Readonly<Record<string, Float64Array>>, p: Readonly<Record<string, number>>) => void;

/** The array bound to `name`. */
export function bound(b: Readonly<Record<string, Float64Array>>, name: string): Float64Array {
  const array = b[name];
  if (array === undefined) throw new Error(`nothing is bound to ${name}`);
  return array;
}
