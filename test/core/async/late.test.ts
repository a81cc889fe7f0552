import { expect, test } from 'vitest';
import { late } from '../../../src/core/async/late';

test('a part that can not be loaded rejects with a hint, is requested again by the next call, and is then held', async () => {
  const parts = [Promise.reject(new TypeError('Failed to fetch')), Promise.resolve('part'), Promise.resolve('another')];
  parts[0]?.catch(() => {});
  const part = late(() => parts.shift() as Promise<string>);
  await expect(part()).rejects.toMatchObject({
    code: 'offline',
    retryable: true,
    hint: 'Check the connection, and reload the page: its site may have a new version.',
  });
  expect(await part()).toBe('part');
  expect(await part()).toBe('part');
});
