import { afterAll, vi } from 'vitest';

/** Restores the real globals for the next test file, which runs in the same process. */
afterAll(() => void vi.unstubAllGlobals());
