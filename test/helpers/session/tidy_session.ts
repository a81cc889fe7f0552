import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { PreTrainedModel } from '../../../src/index';
import { openTestSession, type TestSession } from './session';

export interface TidySession {
  readonly opened: TestSession;
  /** The base models of this test, in the order in which they were added. */
  readonly kept: ReadonlySet<PreTrainedModel>;
  /** Disposes of a base model after the test, even if the test fails. */
  keep(base: Promise<PreTrainedModel>): Promise<PreTrainedModel>;
}

/** Opens one session for all tests of a file. Each test begins with no GPU memory in use and an empty list of warnings. */
export function tidySession(): TidySession {
  let opened: TestSession;
  const kept = new Set<PreTrainedModel>();
  beforeAll(async () => {
    opened = await openTestSession();
  });
  afterAll(() => opened.session.close());
  beforeEach(() => {
    expect(opened.liveBytes()).toBe(0);
    opened.warnings.splice(0);
  });
  afterEach(async () => {
    for (const base of kept) await base.dispose();
    kept.clear();
  });
  return {
    get opened() {
      return opened;
    },
    kept,
    async keep(base) {
      kept.add(await base);
      return base;
    },
  };
}
