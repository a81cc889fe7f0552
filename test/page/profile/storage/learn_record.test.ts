import { describe, expect, test } from 'vitest';
import { Fields } from '../../../../src/core/input/fields';
import { readHistory, readPhase, readRecord } from '../../../../src/page/profile/storage/learn_record';

const counts = { examples: 8, held_out: 0, steps: 6 };
const losses = { loss_before: 0.7, loss_after: -0.4 };
const phase = { kind: 'preferences', ...counts, ...losses, accuracy_before: 0.5, accuracy_after: 1 };

test('losses may be negative, as those of robust preferences are', () => {
  const record = readRecord({ at: 1, method: 'train', ...counts, ...losses, phases: [phase], taken: true });
  expect(record).toMatchObject({ ...losses, phases: [phase] });
});

test.each([
  ['loss_after', Number.NaN],
  ['loss_after', Number.POSITIVE_INFINITY],
  ['loss_before', '1'],
  ['accuracy_after', -1],
])('a %s of %s is malformed', (key, value) => {
  expect(() => readPhase({ ...phase, [key]: value })).toThrow(expect.objectContaining({ code: 'invalid_format' }));
});

test('places of left-out examples are no more than the examples', () => {
  const read = (left_out: unknown) =>
    readRecord({ at: 1, method: 'refine', ...counts, ...losses, left_out, taken: true });
  expect(read([0, 7]).left_out).toEqual([0, 7]);
  for (const odd of [[-1], [0.5], ['0'], Array.from({ length: 9 }, () => 0)]) {
    expect(() => read(odd)).toThrow(expect.objectContaining({ code: 'invalid_format' }));
  }
});

describe('a history', () => {
  const record = { at: 1, method: 'train', ...counts, ...losses, taken: true };
  const candidate = { name: 'halfway', loss: 0.1, accuracy: 1, chosen: true };
  const read = (...history: readonly unknown[]) => readHistory(new Fields({ history } as never, 'state'));

  test('is read whole, or refused as one of a newer version', () => {
    const known = { ...record, phases: [phase], candidates: [candidate] };
    expect(read(known)).toEqual([expect.objectContaining(known)]);
    for (const newer of [
      { ...record, method: 'distil' },
      { ...record, phases: [phase, { ...phase, kind: 'comparisons' }] },
      { ...record, candidates: [candidate, { ...candidate, name: 'merged' }] },
    ]) {
      expect(() => read(known, newer)).toThrow(expect.objectContaining({ detail: { isNewer: true } }));
    }
  });

  test.each([{ method: 5 }, { phases: [{ ...phase, kind: null }] }, { candidates: [{ ...candidate, loss: '1' }] }])(
    'with %j is malformed',
    (fields) => {
      expect(() => read({ ...record, ...fields })).toThrow(expect.objectContaining({ code: 'invalid_format' }));
    },
  );
});
