import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { PreTrainedModel } from '../../../src/index';
import { openTestSession, type TestSession } from './session';

export interface TidySession {
  readonly opened: TestSession;
  /** Of this test, in order. */
  readonly kept: ReadonlySet<PreTrainedModel>;
  /** A base that is disposed of after the test, even where that fails. */
  keep(base: Promise<PreTrainedModel>): Promise<PreTrainedModel>;
}

/** One session for the tests of a file. Each begins with a device that holds nothing, and without warnings. */
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
