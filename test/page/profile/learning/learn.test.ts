import { expect, test } from 'vitest';
import { type ErrorCode, WebVeraError } from '../../../../src/core/errors/error';
import { isInterruption } from '../../../../src/page/profile/learning/learn';

test.each<[ErrorCode, boolean]>([
  ['device_lost', true],
  ['gpu_blocked', true],
  ['worker_crashed', true],
  ['locked_by_other_tab', true],
  ['storage_full', true],
  ['storage_unavailable', true],
  ['invalid_argument', false],
  ['numerical_error', false],
  ['storage_corrupt', false],
])('a run that ended with %s may resume: %s', (code, may) => {
  expect(isInterruption(new WebVeraError(code, 'ended'), new AbortController().signal)).toBe(may);
  expect(isInterruption(new WebVeraError(code, 'ended'), AbortSignal.abort())).toBe(true);
});

test('a run that ended with a timeout may resume if the same call may succeed later', () => {
  const { signal } = new AbortController();
  const slow = (retryable: boolean) => new WebVeraError('timeout', 'ended', { retryable });
  expect([true, false].map((retryable) => isInterruption(slow(retryable), signal))).toEqual([true, false]);
});
