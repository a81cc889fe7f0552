import { expect, test } from 'vitest';
import { WorkerSessionImpl } from '../../src/worker/session';

test('a session answers its calls by their names once it is opened', async () => {
  const session = new WorkerSessionImpl({ emit() {} });
  await expect(session.invoke('listStored', [])).rejects.toMatchObject({ code: 'internal' });
  await session.invoke('open', [{ store: 'memory' }]);
  expect(await session.invoke('listStored', [])).toEqual([]);
  expect(await session.invoke('getStored', ['none'])).toBeUndefined();
  await session.invoke('close', []);
});
