import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChatWriter } from '../../src/chat/chat_writer';
import type { ChatMessage } from '../../src/core/types/chat';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { chatOf } from '../helpers/chats';
import { goldenChats } from '../helpers/golden/golden_chats';
import { fetchPublished, publishedNames, readPublished } from '../packages/published';
import { describeWithPeft } from './lib/peft';
import { runPython } from './lib/python';

const script = fileURLToPath(new URL('python/chats.py', import.meta.url));
/** All conversations, each once. */
const chats: readonly (readonly ChatMessage[])[] = [
  ...new Map(goldenChats.rows.map(({ chat, messages }) => [chat, messages])).values(),
];

type Answer = { readonly text: string; readonly ids: readonly number[] } | { readonly refused: string };

describeWithPeft('conversations by published tokenizers', () => {
  let folder: string | undefined;
  let own = '';
  beforeAll(async () => {
    folder = await fetchPublished(console.warn);
    own = mkdtempSync(join(tmpdir(), 'webvera-'));
    writeFileSync(join(own, 'chats.json'), JSON.stringify(chats));
  }, 300_000);
  afterAll(() => rmSync(own, { recursive: true, force: true }));

  const names = publishedNames.filter((name) => name !== 'bert');

  test.for(names)('%s: the texts and ids of transformers', async (name, { skip }) => {
    if (folder === undefined) return skip("npm's registry can't be reached");
    const { code, output } = await runPython(own, [script, join(folder, name), 'chats.json']);
    expect(code, output).toBe(0);
    const answers = JSON.parse(output.trim().split('\n').at(-1) ?? '') as readonly Answer[] | null;
    if (answers === null) return skip('it has no template');

    const { tokenizerJson, tokenizerConfig } = readPublished(folder, name);
    const writer = new ChatWriter();
    const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig, {
      renderChat: async (...chat) => writer.render(...chat),
    });
    for (const [index, messages] of chats.entries()) {
      const answer = answers[index] as Answer;
      const rendering = tokenizer.renderChat(chatOf(messages, { add_generation_prompt: true }));
      if ('refused' in answer) {
        const message = expect.stringContaining(answer.refused);
        await expect(rendering).rejects.toMatchObject({ code: 'invalid_argument', message });
        continue;
      }
      const { text } = await rendering;
      expect(text).toBe(answer.text);
      expect(tokenizer.encode(text, { add_special_tokens: false })).toEqual(answer.ids);
    }
  });
});
