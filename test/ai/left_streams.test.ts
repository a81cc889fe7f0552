import { expect, test } from 'vitest';
import { languageModel } from '../../src/ai';
import type { GeneratedToken } from '../../src/index';
import { writer } from './writer';

test('a stream that is left ends the text', async () => {
  const { model, asked } = writer('abc', { hold: () => new Promise(() => {}) });
  const { stream } = await languageModel(model).doStream({ prompt: [{ role: 'user', content: 'b' }] });
  const reader = stream.getReader();
  while ((await reader.read()).value?.type !== 'text-delta');
  await reader.cancel();
  expect(asked[0]?.config.signal?.aborted).toBe(true);
});

test('a stream that is left ends a text whose model ignores signals', async () => {
  let isEnded = false;
  async function* endless(): AsyncGenerator<GeneratedToken> {
    try {
      for (;;) yield { token_id: 7, text: 'a' };
    } finally {
      isEnded = true;
      await Promise.reject(new Error('too late to matter'));
    }
  }
  const { stream } = await languageModel({ generate: endless }).doStream({ prompt: [{ role: 'user', content: 'b' }] });
  const reader = stream.getReader();
  while ((await reader.read()).value?.type !== 'text-delta');
  expect(isEnded).toBe(false);
  await reader.cancel();
  await expect.poll(() => isEnded).toBe(true);
});
