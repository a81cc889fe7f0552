import { expect, test } from 'vitest';
import { type ErrorCode, WebVeraError } from '../../../../src/core/errors/error';
import { isInterruption } from '../../../../src/page/profile/learning/learn';

test.each<[ErrorCode, boolean]>([
  ['device_lost', true],
  ['gpu_blocked', true],
  ['worker_crashed', true],
  ['locked_by_other_tab', true],
  ['invalid_argument', false],
  ['numerical_error', false],
  ['storage_full', false],
])('a run that ended with %s may resume: %s', (code, may) => {
  expect(isInterruption(new WebVeraError(code, 'ended'), new AbortController().signal)).toBe(may);
  expect(isInterruption(new WebVeraError(code, 'ended'), AbortSignal.abort())).toBe(true);
});
