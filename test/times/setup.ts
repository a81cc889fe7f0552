import { afterAll } from 'vitest';
import { startSpending } from './spent';

/** Measures a test file's times, and stores them in the file's `meta` for the reporter. */
const spent = startSpending();
// biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a hook wants.
afterAll(({}, file) => {
  file.meta.spent = spent();
});
