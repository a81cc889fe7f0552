import { expect, test } from 'vitest';
import { formatBytes, recoveredInWords } from '../../src/parts/words';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1.00 kB'],
  [9994, '9.99 kB'],
  [9996, '10.0 kB'],
  [50_700, '50.7 kB'],
  [61_440, '61.4 kB'],
  [99_960, '100 kB'],
  [331_417, '331 kB'],
  [999_600, '1.00 MB'],
  [2_745_400, '2.75 MB'],
  [27_100_000, '27.1 MB'],
  [3e12, '3000 GB'],
])('%d bytes are %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));

test.each([
  ['device_lost', 0, 'The graphics card gave up. The run goes on by itself.'],
  ['device_lost', 1, 'The graphics card gave up. The run went back 1 step, and goes on by itself.'],
  ['device_lost', 1200, 'The graphics card gave up. The run went back 1,200 steps, and goes on by itself.'],
  ['numerical_error', 0, 'The numbers grew beyond bounds, so it learns more slowly now. The run goes on by itself.'],
  ['another', 0, 'Something went wrong on the way (another). The run goes on by itself.'],
])('a run that recovers from %s and repeats %d steps is explained', (cause, repeatedSteps, words) => {
  expect(recoveredInWords({ cause, repeatedSteps }, 'The run')).toBe(words);
});
