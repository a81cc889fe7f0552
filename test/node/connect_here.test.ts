import { afterEach, expect, test, vi } from 'vitest';
import { connectHere } from '../../src/node/connect_here';
import type { SessionHost } from '../../src/worker/protocol';
import { WorkerSessionImpl } from '../../src/worker/worker_session';

vi.mock('../../src/worker/worker_session', () => ({ WorkerSessionImpl: vi.fn(class {}) }));
afterEach(() => vi.unstubAllGlobals());

async function hostHere(): Promise<SessionHost | undefined> {
  await connectHere({ emit: () => {} });
  return vi.mocked(WorkerSessionImpl).mock.lastCall?.[0];
}

test("in a page's own worker, a session in that thread decodes image files by the browser", async () => {
  vi.stubGlobal('createImageBitmap', async () => ({}));
  const getContext = () => ({ getImageData: () => ({}) });
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext = getContext;
    },
  );
  expect((await hostHere())?.decodeImage).toBeTypeOf('function');
});

test('in Node, which can not decode image files, it has no decoder', async () => {
  expect((await hostHere())?.decodeImage).toBeUndefined();
});
