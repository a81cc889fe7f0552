import { expect, test, vi } from 'vitest';
import { adapterCalls } from '../../../src/worker/adapters/session_adapters';
import { Calls } from '../../../src/worker/rpc/calls';

test('adapters that can’t all be placed again leave none behind', async () => {
  const error = new Error('out of memory');
  const model = { activate: vi.fn(), dispose: vi.fn(async () => {}), info: vi.fn() };
  const base = {
    jobs: { run: (_: string, __: unknown, body: (signal: AbortSignal) => unknown) => body(AbortSignal.any([])) },
  };
  const revive = vi
    .fn(async () => {})
    .mockResolvedValueOnce(undefined)
    .mockRejectedValueOnce(error);
  const models = { base: () => base, add: vi.fn() };
  const room = { calls: new Calls(() => {}), models, adapters: { open: () => model, revive } };
  const revived = adapterCalls.reviveAdapters.call(room as never, 1, [{}, {}] as never, ['a']);
  await expect(revived).rejects.toBe(error);
  expect(revive).toHaveBeenCalledTimes(2);
  expect(model.dispose).toHaveBeenCalledOnce();
  expect(models.add).not.toHaveBeenCalled();
});
