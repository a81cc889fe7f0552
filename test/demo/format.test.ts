import { expect, test } from 'vitest';
import { formatDuration } from '../../demo/src/page/format';

test.each([
  [0.4, '0 s'],
  [59.6, '1 min'],
  [125, '2 min 5 s'],
  [3600, '1 h'],
  [3780, '1 h 3 min'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '–'],
])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
