import { expect, test } from 'vitest';
import { news } from '../../../src/embed/view/attempt/scores';
import type { Shown } from '../../../src/embed/view/region';
import type { LearnRecord } from '../../../src/index';

test('a profile has news after it has learnt, and after that was undone', () => {
  let history: Partial<LearnRecord>[] = [];
  const shown = {
    learner: {
      visit: {
        profile: {
          info: {
            get history() {
              return history;
            },
          },
        },
      },
    },
  } as unknown as Shown;
  const isNew = news();
  expect(isNew(shown)).toBe(false);
  history = [{ at: 1 }];
  expect([isNew(shown), isNew(shown)]).toEqual([true, false]);
  history = [{ at: 1 }, { at: 2 }];
  expect([isNew(shown), isNew(shown)]).toEqual([true, false]);
  history = [{ at: 1 }, { at: 2, undone: true }];
  expect([isNew(shown), isNew(shown)]).toEqual([true, false]);
});
