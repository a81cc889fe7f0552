import type { Step } from '../../src/graph/step';
import { byteLength } from '../../src/graph/value';

/**
 * Exceptions to the count of reads and writes that a binding's access implies. 0: the dispatch touches only a part of the value, which is
 * small or as large as another binding. 1: it writes the value without reading it, or reads the value and writes a small part.
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
  // Each value counts once, because a binding that a dispatch doesn't need is bound to the value of another binding.
  const times = new Map(
    Object.entries(bindings).map(([name, access]) => {
      return [values[name], TIMES[kernel]?.[name] ?? (access === 'update' ? 2 : 1)] as const;
    }),
  );
  return [...times].reduce((sum, [value, count]) => sum + (value === undefined ? 0 : count * byteLength(value)), 0);
}
