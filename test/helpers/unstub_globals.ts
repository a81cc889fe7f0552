import { afterAll, vi } from 'vitest';

/** Gives the next test file, which shares this process, the real globals again. */
afterAll(() => void vi.unstubAllGlobals());
