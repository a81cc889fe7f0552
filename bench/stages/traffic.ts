import type { Step } from '../../src/graph/step';
import { byteLength } from '../../src/graph/value';

/**
 * How often a dispatch reads or writes a binding, where the binding's access doesn't say it. 0: the dispatch touches a part that is
 * small, or as large as another of its bindings. 1: it writes without reading, or writes a small part of the data that it reads.
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
 * Bytes that a dispatch moves at least: each value is read or written once, and an updated value both. A device whose cache holds
 * values between dispatches may move fewer.
 */
export function bytesOf({ kernel: { name: kernel, bindings }, values }: Pick<Step, 'kernel' | 'values'>): number {
  // Each value counts once: a binding that a kernel doesn't need is bound to a value of another binding.
  const times = new Map(
    Object.entries(bindings).map(([name, access]) => {
      return [values[name], TIMES[kernel]?.[name] ?? (access === 'update' ? 2 : 1)] as const;
    }),
  );
  return [...times].reduce((sum, [value, count]) => sum + (value === undefined ? 0 : count * byteLength(value)), 0);
}
