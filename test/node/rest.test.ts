import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { restAtEachTurn } from '../../src/node/rest';

test('rests at each turn of the event loop', async () => {
  const wait = vi.spyOn(Atomics, 'wait');
  restAtEachTurn();
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  expect(wait.mock.calls.length).toBeGreaterThanOrEqual(4);
  expect(wait.mock.results.map(({ value }) => value)).toEqual(wait.mock.calls.map(() => 'timed-out'));
  wait.mockRestore();
});
