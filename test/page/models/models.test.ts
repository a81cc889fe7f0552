import { expect, test } from 'vitest';
import { models } from '../../../src/page/models/models';
import type { CallOptions } from '../../../src/page/session/session';
import { openSession } from '../session/open_session';

test('models asks the worker for cached downloads', async () => {
  const kept = { name: 'a/b', revision: 'c', bytes: 5, state: 'verified' } as const;
  const verified = ['repaired', 'none'] as const;
  let verifications = 0;
  const { session, fake } = await openSession(() => ({
    listCached: async () => [kept],
    isCached: async () => true,
    verifyCached: async () => verified[verifications++] ?? 'ok',
    clearCached: async () => {},
  }));
  expect(await models.list({ session })).toEqual([kept]);
  expect(await models.is_cached('a/b', { session })).toBe(true);
  expect(await models.verify(new URL('https://example.com/a/'), { session })).toBe('repaired');
  await expect(models.verify('a/b', { session })).rejects.toMatchObject({ code: 'not_found' });
  await models.clear_cache({ repo: 'a/b', revision: 'v1' }, { session });
  await models.verify('a/b', { session, progress_callback: () => {} });
  expect(fake.argsOf('verifyCached').map(([, ...rest]) => rest)).toEqual([
    [{ url: 'https://example.com/a/' }, { progress: false }],
    ['a/b', { progress: false }],
    ['a/b', { progress: true }],
  ]);
  expect(fake.argsOf('clearCached')).toEqual([[{ repo: 'a/b', revision: 'v1' }]]);
  await expect(models.list({ sesion: session } as CallOptions)).rejects.toMatchObject({ code: 'invalid_argument' });
  await session.close();
});
