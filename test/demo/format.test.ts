import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatLoss, formatRecovery } from '../../demo/src/page/format';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1.00 kB'],
  [50_700, '50.7 kB'],
  [331_417, '331 kB'],
  [2_745_400, '2.75 MB'],
  [999_600, '1.00 MB'],
  [3e12, '3000 GB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0.4, '0 s'],
  [59.6, '1 min'],
  [125, '2 min 5 s'],
  [3600, '1 h'],
  [3780, '1 h 3 min'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '–'],
])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test('a loss has three digits, and a loss that is none has none', () => {
  expect(formatLoss(4.15549)).toBe('4.155');
  expect(formatLoss(Number.NaN)).toBe('–');
});

test.each([
  [0, 'The run goes on by itself.'],
  [1, 'The run went back 1 step, and goes on by itself.'],
  [1200, 'The run went back 1,200 steps, and goes on by itself.'],
])('a run that recovers tells how far it went back: %d', (repeatedSteps, text) => {
  const expected = `The graphics card gave up. ${text}`;
  expect(formatRecovery({ cause: 'device_lost', repeatedSteps })).toBe(expected);
});
