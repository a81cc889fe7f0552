import type { Step } from '../../src/graph/graph';
import { byteLength } from '../../src/graph/value';

/**
 * How often a dispatch goes through a binding, where that isn't told by its access. 0: it touches a part alone, which is
 * small or as large as another of its bindings. 1: it writes and doesn't read, or writes a small part of what it reads.
 */
export const TIMES: Readonly<Record<string, Readonly<Record<string, 0 | 1>>>> = {
  clear: { y: 1 },
  copy: { destination: 0 },
  embedding: { weight: 0 },
  sample: { logits: 1, seen: 0 },
  scatter_rows: { x: 0 },
  vera_lambda_backward: { partials: 0 },
  vera_merge: { into: 1 },
  vera_merge_backward: { partials: 0 },
  vera_saved_sums: { partials: 0 },
};

/**
 * Bytes that a dispatch moves at least: each of its values read or written once, what is updated both. A cache that holds
 * some of them between dispatches may save a device even that.
 */
export function bytesOf({ kernel: { name: kernel, bindings }, values }: Pick<Step, 'kernel' | 'values'>): number {
  // Once for each value: what a kernel doesn't need is bound to something that it does.
  const times = new Map(
    Object.entries(bindings).map(([name, access]) => {
      return [values[name], TIMES[kernel]?.[name] ?? (access === 'update' ? 2 : 1)] as const;
    }),
  );
  return [...times].reduce((sum, [value, count]) => sum + (value === undefined ? 0 : count * byteLength(value)), 0);
}
