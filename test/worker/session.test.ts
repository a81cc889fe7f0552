import { expect, test } from 'vitest';
import { WorkerSessionImpl } from '../../src/worker/session';
import { goldenTokenizerJson } from '../helpers/golden_chats';

test('a session answers its calls by their names once it is opened', async () => {
  const session = new WorkerSessionImpl({ emit() {} });
  await expect(session.invoke('listStored', [])).rejects.toMatchObject({ code: 'internal' });
  await session.invoke('open', [{ store: 'memory' }]);
  expect(await session.invoke('listStored', [])).toEqual([]);
  expect(await session.invoke('getStored', ['none'])).toBeUndefined();
  await session.invoke('close', []);
});

test('what writes conversations out is there before the network goes, if there are any to come', async () => {
  const done: string[] = [];
  const session = new WorkerSessionImpl({
    emit() {},
    renderChat: async () => {
      done.push('written');
      return { rendered: { text: '', turns: [], uncertain: 0 } };
    },
    seal: () => void done.push('sealed'),
  });
  await session.invoke('open', [{ store: 'memory' }]);
  const load = async (call: number, more: object) => {
    const files = new Map([
      ['tokenizer.json', new Blob([goldenTokenizerJson()])],
      ['tokenizer_config.json', new Blob([JSON.stringify(more)])],
    ]);
    await session.invoke('loadTokenizer', [call, { files }, { progress: false }]);
  };
  await load(1, {});
  await session.invoke('seal', []);
  expect(done).toEqual(['sealed']);
  await load(2, { chat_template: 'a' });
  await session.invoke('seal', []);
  expect(done).toEqual(['sealed', 'written', 'sealed']);
  await session.invoke('close', []);
});
