import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { veraDown } from '../../ops/vera/vera';

/** A·x, made once per input and A: q, k and v share it, so do gate and up, and so do adapters that share A. */
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
