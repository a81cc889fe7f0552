import { WebVeraError } from '../core/errors/error';
import type { DType, Value } from '../graph/value';

/** Throws `invalid_argument` unless all values, which are given by name, have this data type. */
export function expectDtype(op: string, dtype: DType, values: Readonly<Record<string, Value>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value.dtype === dtype) continue;
    throw new WebVeraError('invalid_argument', `${op}: expected ${name} in ${dtype}, got ${value.dtype}`);
  }
}
