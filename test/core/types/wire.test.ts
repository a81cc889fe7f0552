import { describe, expect, test } from 'vitest';
import { abortError } from '../../../src/core/async/abort';
import { WebVeraError } from '../../../src/core/errors/error';
import { errorFromData, errorToData, toKnownError } from '../../../src/core/types/wire';

/** Returns an error as it arrives on the other side of a message. */
const crossed = (error: unknown): unknown => errorFromData(structuredClone(errorToData(error)));

describe('errors across the boundary', () => {
  test('a WebVeraError arrives as one, with all its fields', () => {
    const error = new WebVeraError('timeout', 'too slow', {
      hint: 'wait',
      retryable: true,
      detail: { ms: 5, ids: [1] },
    });
    const arrived = crossed(error);
    expect(arrived).toBeInstanceOf(WebVeraError);
    expect(arrived).toMatchObject({
      name: 'WebVeraError',
      code: 'timeout',
      message: 'too slow',
      hint: 'wait',
      retryable: true,
      detail: { ms: 5, ids: [1] },
      stack: error.stack,
    });
  });

  test('the stack of a cause contains the hint of the error', () => {
    const cause = new TypeError('x is undefined');
    const { stack = '' } = crossed(cause) as Error;
    const [head, ...frames] = stack.split('\n');
    expect(head).toBe('WebVeraError: TypeError: x is undefined');
    expect(frames.pop()).toMatch(/^Hint: This is a defect in webvera\./);
    expect(frames).toEqual(cause.stack?.split('\n').slice(1));
  });

  test('an abort arrives as an AbortError', () => {
    const arrived = crossed(abortError('the call was cancelled'));
    expect(arrived).toBeInstanceOf(DOMException);
    expect(arrived).toMatchObject({ name: 'AbortError', message: 'the call was cancelled' });
  });

  test('a detail that can not be cloned becomes text', () => {
    const error = new WebVeraError('internal', 'odd', { detail: { call: () => 1, kept: 2 } });
    expect(crossed(error)).toMatchObject({ detail: { call: '() => 1', kept: 2 } });
  });

  test.each([
    [new TypeError('x is undefined'), { code: 'internal', message: 'TypeError: x is undefined' }],
    [new RangeError('Array buffer allocation failed'), { code: 'out_of_memory' }],
    [new RangeError('offset is out of bounds'), { code: 'internal' }],
    [new DOMException('no room', 'QuotaExceededError'), { code: 'storage_full' }],
    [new DOMException('() => {} could not be cloned', 'DataCloneError'), { code: 'invalid_argument' }],
    ['thrown text', { code: 'internal', message: 'thrown text' }],
    [undefined, { code: 'internal', message: 'undefined' }],
  ])('%s becomes the WebVeraError that describes it', (thrown, expected) => {
    expect(crossed(thrown)).toMatchObject(expected);
  });

  test('in one thread the cause is kept', () => {
    const cause = new TypeError('x is undefined');
    expect(toKnownError(cause).cause).toBe(cause);
  });
});
