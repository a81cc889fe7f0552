import type { Graph } from '../../../graph/graph';
import type { Value } from '../../../graph/value';
import { veraDown } from '../../../ops/vera/vera';

/** Computes A·x once for each x and A: q, k and v share it, gate and up do, and so do adapters with one A. */
export function sharedProjection(g: Graph): (x: Value, A: Value) => Value {
  const projected = new Map<Value, Map<Value, Value>>();
  return (x, A) => {
    const known = projected.get(A) ?? new Map<Value, Value>();
    projected.set(A, known);
    const u = known.get(x) ?? veraDown(g, x, A);
    known.set(x, u);
    return u;
  };
}
