import { expect, test } from 'vitest';
import { Followed, Replay } from '../../../src/page/training/replay';
import { unhandledDuring } from '../../helpers/unhandled';

class Work extends Followed<number, string> {
  protected readonly items = new Replay<number>();
  protected readonly result: Promise<string>;

  constructor(body: () => Promise<string>) {
    super();
    this.items.push(1);
    this.result = this.following(body());
  }
}

const succeeds = (): Work => new Work(async () => 'done');
const problem = new Error('no');
const fails = (): Work =>
  new Work(async () => {
    throw problem;
  });

test('is a complete promise', async () => {
  const order: string[] = [];
  const unhandled = await unhandledDuring(async () => {
    expect(await succeeds().then((text) => `${text}!`)).toBe('done!');
    expect(await fails().catch((error: unknown) => error)).toBe(problem);
    expect(await succeeds().finally(() => order.push('finally'))).toBe('done');
    await expect(fails().finally(() => order.push('finally'))).rejects.toBe(problem);
    expect(await Promise.all([succeeds(), succeeds()])).toEqual(['done', 'done']);
  });
  expect(order).toEqual(['finally', 'finally']);
  expect(String(succeeds())).toBe('[object Promise]');
  expect(unhandled).toEqual([]);
});

test('a rejection that no code follows is an unhandled rejection', async () => {
  const unhandled = await unhandledDuring(async () => fails().whenOver(() => {}));
  expect(unhandled).toEqual([problem]);
});

test('a rejection that is awaited or iterated is handled', async () => {
  const items: number[] = [];
  const unhandled = await unhandledDuring(async () => {
    await expect(fails()).rejects.toBe(problem);
    const iterating = async (): Promise<void> => {
      for await (const item of fails()) items.push(item);
    };
    await expect(iterating()).rejects.toBe(problem);
  });
  expect(items).toEqual([1]);
  expect(unhandled).toEqual([]);
});

test('reports its end in any case', async () => {
  const told: string[] = [];
  const [good, bad] = [succeeds(), fails()];
  good.whenOver(() => told.push('good'));
  bad.whenOver(() => told.push('bad'));
  await Promise.allSettled([good, bad]);
  expect(told.sort()).toEqual(['bad', 'good']);
  good.whenOver(() => told.push('good later'));
  expect(told).toEqual(['bad', 'good', 'good later']);
});
