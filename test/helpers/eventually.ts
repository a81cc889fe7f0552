import { vi } from 'vitest';

/** Repeats an attempt until it doesn't throw. vitest's default of one second is too short on a busy machine. */
export function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(attempt, { timeout: 100_000 });
}
