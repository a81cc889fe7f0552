import { describe, expect, test } from 'vitest';
import type { MemoryBudget } from '../../../src/core/types/estimate';
import { isBetter, judge } from '../../../src/worker/plans/verdict';

const MIB = 2 ** 20;
const verdictOf = (total: number, from: MemoryBudget['from'], largest = 1) =>
  judge(
    { total: total * MIB, largest_buffer: largest * MIB },
    { bindingBytes: 128 * MIB, memory: { bytes: 1000 * MIB, from } },
  );

describe.each(['given', 'ios'] as const)('with memory that is known: %s', (from) => {
  test.each([
    [750, 'fits'],
    [751, 'tight'],
    [1000, 'tight'],
    [1001, 'does-not-fit'],
  ])('%i of 1000 MiB: %s', (total, verdict) => {
    const judged = verdictOf(total, from);
    expect(judged.verdict).toBe(verdict);
    expect(judged.reasons.length).toBe(verdict === 'fits' ? 0 : 1);
    if (verdict !== 'fits') expect(judged.reasons[0]).toContain(`${total} MiB`);
  });
});

test.each(['device', 'unknown'] as const)('with guessed memory the verdict is at worst tight: %s', (from) => {
  expect(verdictOf(1000, from)).toEqual({ verdict: 'fits', reasons: [] });
  expect(verdictOf(1001, from).verdict).toBe('tight');
  expect(verdictOf(1e6, from).verdict).toBe('tight');
});

test('a buffer that the GPU can’t bind decides the verdict', () => {
  expect(verdictOf(200, 'unknown', 128).verdict).toBe('fits');
  expect(verdictOf(200, 'unknown', 129)).toEqual({
    verdict: 'does-not-fit',
    reasons: ['The largest buffer has 129 MiB, this GPU binds 128 MiB'],
  });
});

test('which of two is better', () => {
  const [fits, tight] = [verdictOf(1, 'given'), verdictOf(800, 'given')];
  expect([isBetter(fits, tight), isBetter(tight, fits), isBetter(tight, tight)]).toEqual([true, false, false]);
});
