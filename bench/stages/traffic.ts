import type { Step } from '../../src/graph/step';
import { byteLength } from '../../src/graph/value';

/**
 * How often `bytesOf` counts a binding's value, by kernel and binding, where the declared access would count too many bytes. 0: the
 * dispatch accesses only a part of the value. This part isn't counted: it is small, or as large as another binding's value. 1: the
 * dispatch only writes the value, or it reads the value and writes only a small part of it.
 */
export const TIMES: Readonly<Record<string, Readonly<Record<string, 0 | 1>>>> = {
  clear: { y: 1 },
  copy: { destination: 0 },
  embedding: { weight: 0 },
  mixed_scale_backward: { partials: 0 },
  mixed_scales_backward: { partials: 0 },
  sample: { logits: 1, seen: 0 },
  scatter_rows: { x: 0 },
  vera_lambda_backward: { partials: 0 },
  vera_merge: { into: 1 },
  vera_merge_backward: { partials: 0 },
  vera_saved_sums: { partials: 0 },
};

/**
 * Returns the fewest bytes that a dispatch moves: each value is read or written once, and an updated value is both read and written. A
 * device whose cache holds values between dispatches may move fewer.
 */
export function bytesOf({ kernel: { name: kernel, bindings }, values }: Pick<Step, 'kernel' | 'values'>): number {
  // A binding that a dispatch doesn't need gets the value of another binding. The map counts such a value only once.
  const times = new Map(
    Object.entries(bindings).map(([name, access]) => {
      return [values[name], TIMES[kernel]?.[name] ?? (access === 'update' ? 2 : 1)] as const;
    }),
  );
  return [...times].reduce((sum, [value, count]) => sum + (value === undefined ? 0 : count * byteLength(value)), 0);
}
