import { expect, test } from 'vitest';
import type { Adapter } from '../../src/adapters/adapter';
import { overlayOf, withOnly } from '../../src/adapters/layers/overlay';
import { pinned } from '../../src/graph/value';

/** Creates an adapter with trained tensors of its own. */
function adapterOf(key: string, tensors: Readonly<Record<string, 'bias' | 'module'>> = {}): Adapter {
  const trained = Object.entries(tensors).map(
    ([name, kind]) => [name, { value: pinned(`${key} ${name}`, [4]), kind }] as const,
  );
  const bias = Object.values(tensors).includes('bias') ? 'all' : 'none';
  return { key, tensors: new Map(trained), config: { bias }, modules: new Map() } as unknown as Adapter;
}

test('one of several adapters has the overlay of a pass in which it alone is active', () => {
  const [ada, ben, cy] = [
    adapterOf('ada', { 'head.weight': 'module' }),
    adapterOf('ben', { 'head.weight': 'module', 'norm.weight': 'module' }),
    adapterOf('cy', { 'q_proj.bias': 'bias' }),
  ];
  for (const others of [[], [cy]]) {
    const all = [ada, ben, ...others];
    const both = overlayOf(all, [ada, ben]);
    for (const one of [ada, ben]) expect(withOnly(both, one)).toEqual(overlayOf(all, [one]));
  }
});
