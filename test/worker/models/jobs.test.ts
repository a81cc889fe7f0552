import { expect, test } from 'vitest';
import { Jobs } from '../../../src/worker/models/jobs';

const reason = new Error('disposed of');
const never = new AbortController().signal;
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Makes a job that runs until its signal aborts, and then takes a moment to clean up. */
function untilAborted(log: string[], name: string) {
  return (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', async () => {
        await later();
        log.push(name);
        reject(signal.reason);
      });
    });
}

test('a job begins at once and gives its result', async () => {
  const begun: string[] = [];
  const job = new Jobs(never).run('a', never, async () => begun.push('job'));
  expect(begun).toEqual(['job']);
  expect(await job).toBe(1);
});

test('ending a key aborts its jobs, waits for them, and leaves the others', async () => {
  const jobs = new Jobs(never);
  const log: string[] = [];
  const ended = jobs.run('a', never, untilAborted(log, 'a'));
  const other = jobs.run('b', undefined, later);
  ended.catch(() => {});
  await jobs.end('a', reason);
  expect(log).toEqual(['a']);
  await expect(ended).rejects.toBe(reason);
  await other;
  await jobs.end('a', reason);
});

test('closing ends all, and no more begin', async () => {
  const jobs = new Jobs(never);
  const log: string[] = [];
  const running = ['a', 'b'].map((name) => jobs.run(name, never, untilAborted(log, name)));
  const outcomes = Promise.allSettled(running);
  await jobs.close(reason);
  expect(log).toEqual(['a', 'b']);
  expect(await outcomes).toMatchObject([{ reason }, { reason }]);
  await expect(jobs.run('c', never, later)).rejects.toMatchObject({ code: 'invalid_argument' });
});

test('the caller’s signal aborts the job too', async () => {
  const controller = new AbortController();
  const job = new Jobs(never).run('a', controller.signal, untilAborted([], 'a'));
  controller.abort('enough');
  await expect(job).rejects.toBe('enough');
});

test('a device that fails ends all jobs with its error, and later ones are refused', async () => {
  const device = new AbortController();
  const jobs = new Jobs(device.signal);
  const log: string[] = [];
  const ended = [jobs.run('a', never, untilAborted(log, 'a')), jobs.run('b', undefined, untilAborted(log, 'b'))];
  const outcomes = Promise.allSettled(ended);
  device.abort(reason);
  expect(await outcomes).toEqual([
    { status: 'rejected', reason },
    { status: 'rejected', reason },
  ]);
  expect(log).toEqual(['a', 'b']);
  await expect(jobs.run('a', never, async () => log.push('late'))).rejects.toBe(reason);
  expect(log).toEqual(['a', 'b']);
});
