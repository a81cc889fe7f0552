import { expect, test } from 'vitest';
import { registerBudget } from '../../../src/gpu/choice/register_budget';

/**
 * Vendors and architectures as browsers report them, and the number of registers that a thread has. Chrome's names come from
 * Dawn's table of GPUs.
 */
const REPORTED: readonly (readonly [browser: string, vendor: string, architectures: string, budget: number])[] = [
  ['Chrome', 'intel', 'gen-7 gen-8 gen-9 gen-11 gen-12lp gen-12hp xe-lpg xe-2lpg xe-2hpg', 112],
  ['Chrome', 'intel', 'xe-3lpg', 255],
  ['Chrome', 'nvidia', 'fermi kepler maxwell pascal volta turing ampere lovelace blackwell', 255],
  ['Chrome', 'amd', 'gcn-1 gcn-2 gcn-3 gcn-4 gcn-5 rdna-1 rdna-2 rdna-3 rdna-4 cdna-1', 255],
  ['Chrome', 'qualcomm', 'adreno-4xx adreno-5xx adreno-6xx adreno-7xx adreno-8xx', 255],
  ['Chrome', 'samsung', 'rdna-2 rdna-3', 255],
  ['Chrome', 'apple', 'metal-3 common-3', 128],
  ['Chrome', 'arm', 'midgard bifrost valhall gen-5', 64],
  ['Chrome', 'img-tec', 'rogue furian albiorix', 64],
  ['Chrome', 'broadcom', 'videocore', 64],
  // Safari reports the vendor in every field. Macs with Intel processors have a GPU of Intel or AMD.
  ['Safari', 'apple', 'apple', 128],
  ['Safari', 'intel', 'intel', 112],
  ['Safari', 'amd', 'amd', 255],
];

test.each(
  REPORTED.flatMap(([browser, vendor, architectures, budget]) =>
    architectures.split(' ').map((architecture) => [browser, vendor, architecture, budget] as const),
  ),
)('%s: %s %s has %i registers', (_, vendor, architecture, budget) => {
  expect(registerBudget({ vendor, architecture })).toBe(budget);
});

test('a GPU without a name, as in Firefox, or with an unknown one has the fewest', () => {
  expect(registerBudget({ vendor: '', architecture: '' })).toBe(64);
  expect(registerBudget({ vendor: 'huawei', architecture: '' })).toBe(64);
  expect(registerBudget({ vendor: 'samsung', architecture: '' })).toBe(64);
});

test('a known vendor without an architecture has what most of its GPUs have', () => {
  const budgets = ['intel', 'nvidia', 'apple', 'arm'].map((vendor) => registerBudget({ vendor, architecture: '' }));
  expect(budgets).toEqual([112, 255, 128, 64]);
});
