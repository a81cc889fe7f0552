import { expect, test } from 'vitest';
import { WorkerSessionImpl } from '../../src/worker/worker_session';
import { goldenTokenizerJson } from '../helpers/golden/golden_chats';

test('a session answers its calls by their names once it is opened', async () => {
  const session = new WorkerSessionImpl({ emit() {} });
  await expect(session.invoke('listStored', [])).rejects.toMatchObject({ code: 'internal' });
  await session.invoke('open', [{ store: 'memory' }]);
  expect(await session.invoke('listStored', [])).toEqual([]);
  expect(await session.invoke('getStored', ['none'])).toBeUndefined();
  await session.invoke('close', []);
});

test.each(['constructor', '__proto__', 'invoke', 'hasOwnProperty', 'run', 'cancelAll'])(
  'a session refuses a call named %s',
  async (name) => {
    const session = new WorkerSessionImpl({ emit() {} });
    await session.invoke('open', [{ store: 'memory' }]);
    await expect(session.invoke(name as 'open', [])).rejects.toMatchObject({ message: `No such call: ${name}` });
    await session.invoke('close', []);
  },
);

test('the chat worker starts before a session is sealed, if conversations may follow', async () => {
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

test('a file of examples is read and checked, for any model', async () => {
  const session = new WorkerSessionImpl({ emit() {} });
  await session.invoke('open', [{ store: 'memory' }]);
  const read = (text: string, format: 'csv' | 'jsonl') =>
    session.invoke('readExamples', [1, { blob: new Blob([text]), format }]);
  const rows = [
    { text: 'see you, at noon', label: 'ham' },
    { text: 'you have won', label: 'spam' },
  ];
  expect(await read('text,label,more\n"see you, at noon",ham,1\n\nyou have won,spam,2\n', 'csv')).toEqual(rows);
  expect(await read(rows.map((row) => JSON.stringify(row)).join('\r\n\n'), 'jsonl')).toEqual(rows);
  expect(await read('text,label\n', 'csv')).toEqual([]);
  await expect(read('text,label\nsee you\n', 'csv')).rejects.toMatchObject({
    code: 'invalid_format',
    detail: { line: 2 },
  });
  await expect(read('a,b\n1,2\n', 'csv')).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(/^line 2: expected/),
  });
  await expect(read('{}\n\n{"text":', 'jsonl')).rejects.toMatchObject({ code: 'invalid_argument' });
  await session.invoke('close', []);
});

test("a file that changed after it was chosen gives this library's error", async () => {
  const session = new WorkerSessionImpl({ emit() {} });
  await session.invoke('open', [{ store: 'memory' }]);
  const stream = () =>
    new ReadableStream({
      pull: (controller) => controller.error(new DOMException('gone', 'NotReadableError')),
    });
  const blob = Object.assign(new Blob(), { stream });
  await expect(session.invoke('readExamples', [1, { blob, format: 'csv' }])).rejects.toMatchObject({
    code: 'invalid_format',
    hint: expect.stringContaining('Choose it again'),
  });
  await session.invoke('close', []);
});
