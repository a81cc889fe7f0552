import { afterEach, expect, test, vi } from 'vitest';
import { connectHere } from '../../src/node/connect_here';

afterEach(() => vi.unstubAllGlobals());

test("in a page's own worker, a session in that thread asks the browser for its decoder of images", async () => {
  const asked = vi.fn<(type: string) => object>(() => ({ getImageData: () => ({}) }));
  vi.stubGlobal('createImageBitmap', async () => ({}));
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext = asked;
    },
  );
  const connection = await connectHere({ emit: () => {} });
  expect(asked.mock.calls).toEqual([['2d']]);
  await connection.terminate();
});

test('in Node, which can not decode image files, such a session opens all the same', async () => {
  const connection = await connectHere({ emit: () => {} });
  expect(await connection.invoke('open', [{ store: 'memory' }])).toBeUndefined();
  await connection.invoke('close', []);
});
