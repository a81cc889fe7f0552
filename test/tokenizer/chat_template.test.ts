import { describe, expect, test } from 'vitest';
import { ChatWriter } from '../../src/chat/chat_writer';
import { readChatTemplate } from '../../src/tokenizer/chat_template';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { chatOf, hello } from '../helpers/chats';
import { goldenChats, goldenTokenizerJson } from '../helpers/golden/golden_chats';
import { chatTokenizer } from '../helpers/golden/golden_tokenizer';

describe('the template that is used', () => {
  test.each<[string, object, string | undefined, string | undefined]>([
    ['a text', { chat_template: 'a' }, undefined, 'a'],
    ['the file goes before it', { chat_template: 'a' }, 'b', 'b'],
    ['the file alone', {}, 'b', 'b'],
    ['an empty file is a template', { chat_template: 'a' }, '', ''],
    [
      'the default of several',
      {
        chat_template: [
          { name: 'tool_use', template: 'a' },
          { name: 'default', template: 'b' },
        ],
      },
      undefined,
      'b',
    ],
    ['several without a default', { chat_template: [{ name: 'tool_use', template: 'a' }] }, undefined, undefined],
    ['odd ones', { chat_template: [null, 'a', { name: 'default', template: 3 }] }, undefined, undefined],
    ['null', { chat_template: null }, undefined, undefined],
    ['a number', { chat_template: 7 }, undefined, undefined],
    ['none', {}, undefined, undefined],
  ])('%s', (_, config, file, source) => {
    expect(readChatTemplate(config as Readonly<Record<string, unknown>>, file)?.source).toBe(source);
  });

  test('special tokens have their names, given as texts or objects', () => {
    const config = {
      chat_template: '',
      bos_token: '<s>',
      eos_token: { __type: 'AddedToken', content: '</s>' },
      image_token: '<image>',
      pad_token: null,
      add_bos_token: true,
      additional_special_tokens: ['<x>'],
      unk_token: 3,
    };
    expect(readChatTemplate(config, undefined)?.tokens).toEqual({
      bos_token: '<s>',
      eos_token: '</s>',
      image_token: '<image>',
    });
  });
});

describe('tokens of a conversation', () => {
  const rows = goldenChats.rows.filter(({ ids }) => ids !== undefined);

  test.each(rows)('are those of transformers: $template, $chat', async ({ template, messages, ids }) => {
    const tokenizer = chatTokenizer(template);
    const { text } = await tokenizer.renderChat(chatOf(messages));
    expect(tokenizer.encode(text, { add_special_tokens: false })).toEqual(ids);
  });

  test('without a template they are refused with a hint', async () => {
    const renderChat = async () => ({ rendered: { text: '', turns: [], uncertain: 0 } });
    const tokenizer = createTokenizer(goldenTokenizerJson(), '{}', { renderChat });
    await expect(tokenizer.renderChat(chatOf(hello))).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('chat template'),
      hint: expect.stringContaining('chat_template.jinja'),
    });
  });

  test('a hostile template leaves the tokenizer as it was', async () => {
    const tokenizer = chatTokenizer(
      'qwen2_5',
      '{% for i in range(60000) %}{% for j in range(60000) %}{{ j }}{% endfor %}{% endfor %}',
    );
    await expect(tokenizer.renderChat(chatOf(hello))).rejects.toMatchObject({ code: 'limit_exceeded' });
    expect(tokenizer.decode(tokenizer.encode('Call me Ishmael.'))).toBe('Call me Ishmael.');
  });

  test('a template that is too long is refused on use, and the tokenizer works', async () => {
    const tokenizer = chatTokenizer('qwen2_5', 'a'.repeat(300_000));
    expect(tokenizer.encode('Call')).not.toEqual([]);
    await expect(tokenizer.renderChat(chatOf(hello))).rejects.toMatchObject({ code: 'limit_exceeded' });
  });
});

test('one writer serves several templates', () => {
  const writer = new ChatWriter();
  const say = (source: string) => writer.render({ source, tokens: {} }, chatOf(hello));
  for (const source of ['a', 'b', 'a']) expect(say(source)).toMatchObject({ rendered: { text: source } });
});
