import { vi } from 'vitest';

/** Tries until it throws no more. vitest's own second is too little on a busy machine; what never holds still ends the test. */
export function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(attempt, { timeout: 20_000 });
}
