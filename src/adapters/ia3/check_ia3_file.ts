import { WebVeraError } from '../../core/errors/error';
import type { StoredShapes } from '../files/adapter_tensors';
import { MODEL_FILE } from '../files/file_values';

/** Checks that each vector has one row or one column. Returns the names of the vectors; throws `invalid_format`. */
export function checkIa3File(stored: StoredShapes): ReadonlySet<string> {
  const own = new Set<string>();
  for (const [name, { shape }] of stored) {
    if (!/(?:^|\.)ia3_l(?:\.|$)/.test(name)) continue;
    own.add(name);
    if (shape.length === 2 && shape.includes(1)) continue;
    throw new WebVeraError('invalid_format', `${MODEL_FILE}: ${name}: expected one row or one column, got [${shape}]`, {
      hint: 'Do both files belong to the same adapter?',
    });
  }
  return own;
}
