import { expect, test } from 'vitest';
import { NOT_EVALUATED, NOT_HALVED, type RunSnapshot } from '../../../src/core/types/snapshot';
import { Snapshots } from '../../../src/train/saving/snapshots';
import { withResolvers } from '../../helpers/with_resolvers';

const at = (global_step: number): RunSnapshot => ({
  progress: { global_step, max_steps: 9, epoch: 0 },
  lossSum: 0,
  logs: [],
  halving: NOT_HALVED,
  evaluation: NOT_EVALUATED,
  pools: [],
});

test('a request while steps are queued waits until none is', async () => {
  const snapshots = new Snapshots();
  const asked = [snapshots.ask(), snapshots.ask()];
  expect(snapshots.wanted).toBe(true);
  await snapshots.during(
    async () => at(3),
    async () => {},
  );
  expect(await Promise.all(asked)).toEqual([at(3), at(3)]);
  expect(snapshots.wanted).toBe(false);
});

test('a request while no step is queued is answered at once, and steps wait for it', async () => {
  const snapshots = new Snapshots();
  const [pause, read] = [withResolvers<void>(), withResolvers<RunSnapshot>()];
  let isOver = false;
  const paused = snapshots.during(
    () => read.promise,
    () => pause.promise,
  );
  paused.then(() => {
    isOver = true;
  });
  const asked = snapshots.ask();
  pause.resolve();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isOver).toBe(false);
  read.resolve(at(4));
  expect(await asked).toEqual(at(4));
  await paused;
});

test('a failed read rejects only its own requests', async () => {
  const snapshots = new Snapshots();
  const asked = snapshots.ask();
  const body = snapshots.during(
    () => Promise.reject(new Error('lost')),
    async () => 'done',
  );
  await expect(asked).rejects.toThrow('lost');
  expect(await body).toBe('done');
});

test("a request after the end of the run doesn't wait", async () => {
  const snapshots = new Snapshots();
  const asked = snapshots.ask();
  snapshots.close();
  for (const one of [asked, snapshots.ask()]) await expect(one).rejects.toMatchObject({ code: 'invalid_argument' });
});
