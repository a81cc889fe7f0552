import { expect, test } from 'vitest';
import type { GeneratedToken } from '../../../src/core/types/generation';
import { LanguageModel } from '../../../src/page/models/language_model';
import type { Generation } from '../../../src/page/models/remote_generation';
import { unhandledDuring } from '../../helpers/unhandled';
import { assistant, echo, user } from './echo';

/** A session that has answered once, and whose next answer waits after its first token. */
async function heldSession() {
  let release = (): void => {};
  let isHeld = false;
  const { model, asked } = echo({
    hold: async () => {
      if (isHeld)
        await new Promise<void>((resolve) => {
          release = resolve;
        });
    },
  });
  const session = await LanguageModel.create({ model });
  await session.prompt('a');
  isHeld = true;
  const afterwards = async (): Promise<void> => {
    isHeld = false;
    release();
    expect(await session.prompt('c')).toBe('3 messages');
    expect(asked.at(-1)?.messages).toEqual([user('a'), assistant('1 messages'), user('c')]);
  };
  return { session, afterwards };
}

test('a signal cancels an answer, and the conversation is as it was', async () => {
  const { session, afterwards } = await heldSession();
  const controller = new AbortController();
  const pending = session.prompt('b', { signal: controller.signal });
  controller.abort();
  await expect(pending).rejects.toBe(controller.signal.reason);
  await afterwards();
});

test('leaving a stream cancels its answer, and the conversation is as it was', async () => {
  const { session, afterwards } = await heldSession();
  const reader = session.promptStreaming('b').getReader();
  expect((await reader.read()).value).toBe('3 ');
  await reader.cancel();
  await afterwards();
});

test('a signal that aborts as the answer ends leaves the conversation as it was', async () => {
  const controller = new AbortController();
  let aborts = true;
  const { asked, model } = echo();
  const session = await LanguageModel.create({
    model: {
      generate(messages, config) {
        const answer = model.generate(messages, config);
        async function* tokens(): AsyncGenerator<GeneratedToken> {
          yield* answer;
          if (aborts) controller.abort();
        }
        return tokens() as unknown as Generation;
      },
    },
  });
  await expect(session.prompt('a', { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  aborts = false;
  await session.prompt('b');
  expect(asked.at(-1)?.messages).toEqual([user('b')]);
});

test('a call rejects only if the conversation is as it was, whenever its signal aborts', async () => {
  for (let turns = 0; turns < 24; turns++) {
    for (const call of ['append', 'prompt'] as const) {
      const { asked, model } = echo();
      const session = await LanguageModel.create({ model });
      const controller = new AbortController();
      const pending = session[call]('a', { signal: controller.signal }).then(
        () => true,
        () => false,
      );
      for (let turn = 0; turn < turns; turn++) await undefined;
      controller.abort();
      const isAdded = await pending;
      await session.prompt([user('b')]);
      expect([turns, call, asked.at(-1)?.messages[0]?.content.startsWith('a')]).toEqual([turns, call, isAdded]);
    }
  }
});

test('a stream that is left as its answer ends raises nothing', async () => {
  const unhandled = await unhandledDuring(async () => {
    for (let turns = 0; turns < 12; turns++) {
      const session = await LanguageModel.create({ model: echo().model });
      const reader = session.promptStreaming('a').getReader();
      await reader.read();
      await reader.read();
      for (let turn = 0; turn < turns; turn++) await undefined;
      await reader.cancel();
    }
  });
  expect(unhandled).toEqual([]);
});

test('destroying a session ends what is pending', async () => {
  const session = await LanguageModel.create({ model: echo({ hold: () => new Promise(() => {}) }).model });
  const pending = session.prompt('a');
  session.destroy();
  await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
});

test('a signal of `create` destroys the session', async () => {
  const controller = new AbortController();
  const session = await LanguageModel.create({ model: echo().model, signal: controller.signal });
  controller.abort();
  await expect(session.append('a')).rejects.toBe(controller.signal.reason);
  await expect(LanguageModel.create({ model: echo().model, signal: controller.signal })).rejects.toBe(
    controller.signal.reason,
  );
});

test('a signal that aborts inside `monitor` ends the creation', async () => {
  const controller = new AbortController();
  const created = LanguageModel.create({
    model: echo().model,
    monitor: () => controller.abort(),
    signal: controller.signal,
  });
  await expect(created).rejects.toBe(controller.signal.reason);
});
