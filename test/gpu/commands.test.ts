import { expect, test } from 'vitest';
import { CommandQueue } from '../../src/gpu/commands';

function later(): { readonly done: Promise<void>; readonly finish: () => void } {
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { done, finish };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test('commands run at once, until one waits: then they run in their order', async () => {
  const queue = new CommandQueue(() => expect.unreachable());
  const log: string[] = [];
  const quick = (name: string): void => queue.push(() => void log.push(name));
  quick('a');
  expect(log).toEqual(['a']);

  const [first, second] = [later(), later()];
  const slow = (name: string, { done }: ReturnType<typeof later>): void =>
    queue.push(() => {
      log.push(`begin ${name}`);
      return done.then(() => void log.push(`end ${name}`));
    });
  slow('b', first);
  quick('c');
  slow('d', second);
  quick('e');
  await turn();
  expect(log.splice(0)).toEqual(['a', 'begin b']);
  expect(queue.idle).toBe(false);
  first.finish();
  await turn();
  // A command that arrives while other commands wait is queued after them.
  quick('f');
  expect(log.splice(0)).toEqual(['end b', 'c', 'begin d']);
  second.finish();
  await turn();
  expect(log.splice(0)).toEqual(['end d', 'e', 'f']);
  expect(queue.idle).toBe(true);
  quick('g');
  expect(log).toEqual(['g']);
});

test('a command that a waiting one pushes runs after those that were queued before', async () => {
  const queue = new CommandQueue(() => expect.unreachable());
  const log: string[] = [];
  const { done, finish } = later();
  queue.push(() => done);
  queue.push(() => {
    queue.push(() => void log.push('pushed'));
    return undefined;
  });
  queue.push(() => void log.push('there before'));
  finish();
  await turn();
  expect(log).toEqual(['there before', 'pushed']);
});

test('an error while others wait is reported, and later commands run', async () => {
  const errors: unknown[] = [];
  const queue = new CommandQueue((error) => errors.push(error));
  const log: string[] = [];
  expect(() =>
    queue.push(() => {
      throw new Error('at once');
    }),
  ).toThrow('at once');
  const { done, finish } = later();
  queue.push(() => done.then(() => Promise.reject(new Error('first'))));
  queue.push(() => {
    throw new Error('second');
  });
  queue.push(() => void log.push('third'));
  const settled = queue.settled().then(() => log.push('settled'));
  finish();
  await settled;
  expect(errors).toEqual([new Error('first'), new Error('second')]);
  expect(log).toEqual(['third', 'settled']);
  await turn();
  expect(queue.idle).toBe(true);
  await queue.settled();
});
