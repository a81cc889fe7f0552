import { readFileSync } from 'node:fs';
import { createContext, Script } from 'node:vm';
import { expect, test } from 'vitest';
import { chatOf, hello } from '../helpers/chats';

test('chat_worker.js writes conversations out, alone', () => {
  const said: unknown[] = [];
  const listeners: ((event: { readonly data: unknown }) => void)[] = [];
  const context = createContext({
    performance,
    postMessage: (news: unknown) => said.push(news),
    addEventListener: (_type: string, listener: (event: { readonly data: unknown }) => void) =>
      listeners.push(listener),
  });
  new Script(readFileSync(new URL('../../dist/chat_worker.js', import.meta.url), 'utf8')).runInContext(context);
  const template = { source: '{{ bos_token }}{{ messages[0].content }}', tokens: { bos_token: '<s>' } };
  for (const listener of listeners) listener({ data: { template, chat: chatOf(hello) } });
  expect(said).toMatchObject([{ version: expect.any(String) }, { outcome: { rendered: { text: '<s>Hello' } } }]);
});
