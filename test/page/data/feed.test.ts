import { openAsBlob } from 'node:fs';
import { expect, test } from 'vitest';
import type { Example } from '../../../src/core/types/training';
import { Feed, openDataset } from '../../../src/page/data/feed';
import { withResolvers } from '../../helpers/with_resolvers';

const rows = [{ text: 'a' }, { text: 'b' }, { text: 'c' }];

test('a reader that is replaced takes no example from the next one', async () => {
  const gate = withResolvers<void>();
  async function* late() {
    yield* rows.slice(0, 1);
    await gate.promise;
    yield* rows.slice(1);
  }
  const feed = new Feed('data', late());
  const first = feed.take(256);
  await new Promise((resolve) => setImmediate(resolve));
  feed.rewind();
  const second = feed.take(256);
  gate.resolve();
  await first;
  expect(await second).toEqual({ examples: rows, done: true });
});

test('every reader gets the error of a data set, because a generator that threw looks as if it had ended', async () => {
  async function* broken() {
    yield* rows;
    throw new Error('the file is gone');
  }
  const feed = new Feed('data', broken());
  await expect(feed.take(256)).rejects.toThrow('the file is gone');
  feed.rewind();
  await expect(feed.take(256)).rejects.toThrow('the file is gone');
});

test('a generator that was read before is not called an empty data set', async () => {
  const spent = rows.values();
  for (const _ of spent);
  const refusal = { code: 'invalid_argument', hint: expect.stringContaining('only once') };
  for (const read of [spent, (async function* () {})()])
    await expect(new Feed('data', read).take(256)).rejects.toMatchObject(refusal);
  expect(await new Feed('data', []).take(256)).toEqual({ examples: [], done: true });
  expect(await new Feed('data', new Set<Example>()).take(256)).toEqual({ examples: [], done: true });
});

test('an answer ends after some megabytes of pixels, so that messages stay small', async () => {
  const image = { pixel_values: { dims: [1, 2048, 1024], data: new Float32Array(2 ** 21) }, label: 0 };
  const feed = new Feed('data', [image, image, image][Symbol.iterator]());
  const [first, second] = [await feed.take(256), await feed.take(256)];
  expect([first.examples.length, first.done]).toEqual([2, false]);
  expect([second.examples.length, second.done]).toEqual([1, true]);
});

test("an answer also ends after as many bytes of images, but files don't count", async () => {
  const pixels = { width: 2048, height: 1024, data: new Uint8ClampedArray(2 ** 23) };
  const file = new Blob([new Uint8Array(2 ** 23)]);
  const images = [pixels, file, file, pixels, file].map((image) => ({ image, label: 0 }));
  const feed = new Feed('data', images[Symbol.iterator]());
  expect((await feed.take(256)).examples.length).toBe(4);
  expect(await feed.take(256)).toEqual({ examples: images.slice(4), done: true });
});

test('a generator that was never read can be read later; one that was begun ends', async () => {
  function* generated() {
    yield* rows;
  }
  const [idle, begun] = [generated(), generated()];
  await new Feed('data', idle).close();
  const feed = new Feed('data', begun);
  await feed.take(1);
  await feed.close();
  expect([[...idle], [...begun]]).toEqual([rows, []]);
});

test('a stream that was never read isn’t locked', async () => {
  const stream = (): ReadableStream<Example> =>
    new ReadableStream({
      start(controller) {
        for (const row of rows) controller.enqueue(row);
        controller.close();
      },
    });
  const [idle, read] = [stream(), stream()];
  await openDataset('train_dataset', idle).feed?.close();
  expect(idle.locked).toBe(false);
  expect(await openDataset('train_dataset', read).feed?.take(256)).toEqual({ examples: rows, done: true });
});

test('a generator may yield images of files that Node reads when needed', async () => {
  const example = { image: await openAsBlob(import.meta.filename), label: 0 };
  const { examples } = await new Feed('data', [example].values()).take(256);
  expect(examples).toEqual([example]);
});

test('an iterable may fill the same image again after each example', async () => {
  function* images() {
    const image = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
    for (let label = 0; label < 2; label++) {
      image.data.fill(label);
      yield { image, label };
    }
  }
  const { examples } = await new Feed('data', images()).take(256);
  expect(examples).toMatchObject(
    [0, 1].map((label) => ({ image: { data: Uint8ClampedArray.of(...Array(4).fill(label)) } })),
  );
});
