import { afterAll } from 'vitest';
import { startSpending } from './spent';

/** Sends the reporter the times of each test file. */
const spent = startSpending();
// biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a hook wants.
afterAll(({}, file) => {
  file.meta.spent = spent();
});
