import { afterAll } from 'vitest';
import { startSpending } from './spent';

/** Lets the reporter know what each test file's time went to. */
const spent = startSpending();
// biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a hook wants.
afterAll(({}, file) => {
  file.meta.spent = spent();
});
