import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChatWriter } from '../../src/chat/chat_writer';
import type { ChatMessage } from '../../src/core/types/chat';
import { chatOf, hello, rendered, textOf } from '../helpers/chats';
import { goldenChats, goldenTemplate } from '../helpers/golden/golden_chats';

describe('as transformers writes them', () => {
  beforeEach(() => void vi.useFakeTimers({ now: new Date(2026, 0, 31), toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  test.each(goldenChats.rows)('$template, $chat', ({ template, messages, text, prompt, refused }) => {
    const writer = new ChatWriter();
    const known = goldenTemplate(template);
    const outcome = writer.render(known, chatOf(messages));
    if (refused !== undefined) {
      const message = expect.stringContaining(JSON.stringify(refused));
      expect(outcome).toMatchObject({ error: { code: 'invalid_argument', message } });
      return;
    }
    expect(textOf(outcome)).toBe(text);
    expect(textOf(writer.render(known, chatOf(messages, { add_generation_prompt: true })))).toBe(prompt);
  });

  test('days and months are in English, as Python has them', () => {
    vi.setSystemTime(new Date(2026, 2, 1, 13, 5, 9));
    const format = '%Y %y %m %d %B %b %A %a %H %I %p %M %S %% %q';
    expect(rendered(`{{ strftime_now('${format}') }}`)).toBe('2026 26 03 01 March Mar Sunday Sun 13 01 PM 05 09 % %q');
  });
});

test('an example of a data set has the same date on every day, in every time zone', () => {
  const template = { source: "{{ strftime_now('%d %b %Y %H:%M') }}", tokens: {} };
  const written = (isExample: boolean) => textOf(new ChatWriter().render(template, chatOf(hello, { isExample })));
  expect(written(true)).toBe('01 Jan 2025 00:00');
  expect(written(false)).toContain(`${new Date().getFullYear()}`);
});

describe('the reasoning of an answer', () => {
  const asked: ChatMessage = { role: 'user', content: '2 + 2?' };
  const answered = (fields: Partial<ChatMessage>): unknown => {
    const messages = [asked, { role: 'assistant', content: '4', ...fields }];
    return textOf(new ChatWriter().render(goldenTemplate('qwen3'), chatOf(messages)));
  };

  test.each(['reasoning_content', 'thinking', 'reasoning'])('is written by the name %s', (name) => {
    const turn = '<|im_start|>assistant\n<think>\nTwo twice.\n</think>\n\n4<|im_end|>\n';
    expect(answered({ [name]: 'Two twice.' })).toContain(turn);
  });

  test('is found by the name that a template reads, first of those that a message has', () => {
    const source = '{{ messages[0].thinking }}|{{ messages[0].reasoning_content }}|{{ messages[0].reasoning }}';
    const written = (fields: object): unknown => rendered(source, [{ role: 'assistant', content: '', ...fields }]);
    expect(written({ reasoning: 'a' })).toBe('a|a|a');
    expect(written({ thinking: 'a', reasoning_content: 'b' })).toBe('a|b|');
  });

  test('is part of the turn', () => {
    const messages = [asked, { role: 'assistant', content: '4', reasoning: 'Two twice.' }];
    const outcome = new ChatWriter().render(goldenTemplate('qwen3'), chatOf(messages, { turns: true }));
    if ('error' in outcome) throw outcome.error;
    const { text, turns } = outcome.rendered;
    expect(turns.map(([start, end]) => text.slice(start, end))).toEqual([
      '<think>\nTwo twice.\n</think>\n\n4<|im_end|>\n',
    ]);
  });
});

test('a template with the line breaks of Windows is read as with those of Unix', () => {
  const source = '{% for m in messages %}\n{{ m.role }}:\n{{ m.content }}\n{% endfor %}\n';
  expect(rendered(source.replaceAll('\n', '\r\n'))).toBe('user:\nHello\n');
  expect(rendered(source)).toBe('user:\nHello\n');
});

test('a backslash at the end of a line joins two lines of a text, as in the templates of Mistral Small', () => {
  const source = '\\\n{% set a = "One \\"line\\".\\\n Two.\\\\\n\\\n" %}\\\n{{ a }}|{{ "\\\r\n3" }}';
  // As transformers renders it.
  expect(rendered(source)).toBe('\\\n\\\nOne "line". Two.\\\n|3');
});

test('a name is passed to the template', () => {
  const messages = [{ role: 'user', content: 'Hello', name: 'Ada' }];
  expect(rendered('{{ messages[0].name }}: {{ messages[0].content }}', messages)).toBe('Ada: Hello');
});

describe('errors name the problem', () => {
  test.each([
    [
      'what is raised',
      "{{ raise_exception('No ' + messages[0].role) }}",
      'invalid_argument',
      'refuses these messages: "No user"',
    ],
    ['no Jinja', '{% if %}', 'invalid_format', "can't be read"],
    ['a block without an end', '{% for a in messages %}', 'invalid_format', "can't be read"],
    ['an expression without an end', "{{ 'a", 'invalid_format', "can't be read"],
    [
      'a filter that is none',
      '{{ messages | frobnicate }}',
      'invalid_format',
      'fails on these messages: "Unknown ArrayValue filter',
    ],
    ['what is no function', '{{ messages() }}', 'invalid_format', 'fails on these messages'],
    ['a loop that is left where there is none', '{% break %}', 'invalid_format', 'it leaves a loop'],
  ])('%s', (_, source, code, message) => {
    expect(rendered(source)).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test('a long text is quoted shortened', () => {
    const error = rendered(`{{ raise_exception('${'a'.repeat(5000)}') }}`) as { readonly message: string };
    expect(error.message.length).toBeLessThan(250);
  });

  test('a template that fails leaves nothing behind', () => {
    const writer = new ChatWriter();
    const say = (source: string) =>
      textOf(writer.render({ source, tokens: {} }, chatOf([{ role: 'user', content: 'Hello' }])));
    say('{% set a = 1 %}{{ raise_exception(a) }}');
    expect(say('{{ a is defined or messages is not defined }}|{{ messages[0].content }}')).toBe('false|Hello');
  });
});
