import { describe, expect, test, vi } from 'vitest';
import { Breather } from '../../../src/core/async/breather';
import type { ChatMessage } from '../../../src/core/types/chat';
import { chatRow } from '../../../src/tasks/causal_lm/chat_row';
import { collectRows, type RowOptions } from '../../../src/tasks/causal_lm/collect_rows';
import { sharedLength } from '../../../src/tasks/causal_lm/prompts';
import type { TokenRow } from '../../../src/tasks/causal_lm/token_row';
import { IGNORED } from '../../../src/tasks/texts/token_labels';
import { TextStream, WINDOW } from '../../../src/tokenizer/streaming/text_stream';
import type { TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { goldenChats } from '../../helpers/golden/golden_chats';
import { chatTokenizer } from '../../helpers/golden/golden_tokenizer';
import { proseText } from '../../helpers/models/tokenizers';

const talk: readonly ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Good morning.' },
  { role: 'user', content: 'You are?' },
  { role: 'assistant', content: 'Ishmael.' },
];
const qwen = chatTokenizer('qwen2_5');
const NO_SPECIALS = { add_special_tokens: false };

/** Returns the texts of a row that are trained: each is a sequence of labelled tokens. */
function learned({ labels }: TokenRow, tokenizer: TextTokenizer): string[] {
  const runs: number[][] = [];
  for (const [t, label] of labels.entries()) {
    if (label === IGNORED) continue;
    if (t === 0 || labels[t - 1] === IGNORED) runs.push([]);
    runs.at(-1)?.push(label);
  }
  return runs.map((run) => tokenizer.decode(run));
}

const rowOf = (messages: readonly ChatMessage[], tokenizer: TextTokenizer, assistantOnly: boolean) =>
  chatRow(messages, { tokenizer, assistantOnly, breather: new Breather() });

const options = (tokenizer: TextTokenizer, changes: Partial<RowOptions> = {}): RowOptions => ({
  tokenizer,
  vocabSize: 4096,
  completionOnly: null,
  maxLength: 256,
  packing: false,
  overflow: 'truncate',
  ...changes,
});

const examples = (...list: readonly unknown[]) => ({ kind: 'examples', examples: list }) as const;

describe('the trained tokens of a conversation', () => {
  const marked = goldenChats.rows.filter(({ assistant_masks }) => assistant_masks !== undefined);

  test.each(marked)('are those that transformers marks: $chat', async ({ messages, ids, assistant_masks }) => {
    const { row } = await rowOf(messages, chatTokenizer('chatml'), true);
    expect([...row.input_ids]).toEqual(ids);
    expect([...row.labels].map((label) => Number(label !== IGNORED))).toEqual(assistant_masks);
    expect([...row.labels].filter((label) => label !== IGNORED)).toEqual(ids?.filter((_, t) => assistant_masks?.[t]));
  });

  test('are the answers, with their ends', async () => {
    const { row, uncertain } = await rowOf(talk, qwen, true);
    expect(learned(row, qwen)).toEqual(['Good morning.<|im_end|>\n', 'Ishmael.<|im_end|>\n']);
    expect(uncertain).toBe(0);
  });

  test('are all tokens if requested', async () => {
    const { row } = await rowOf(talk, qwen, false);
    expect([...row.labels]).toEqual([...row.input_ids]);
  });

  test('are the last answer if the template rewrites the others, which are counted', async () => {
    const tokenizer = chatTokenizer('qwen3');
    const { row, uncertain } = await rowOf(talk, tokenizer, true);
    expect(learned(row, tokenizer)).toEqual(['<think>\n\n</think>\n\nIshmael.<|im_end|>\n']);
    expect(uncertain).toBe(1);
  });

  test('begin with the token that crosses the beginning of the answer', async () => {
    const source = "{% for m in messages %}{{ m.role + ':' + ' ' + m.content }}{% endfor %}";
    const prompt = "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";
    const tokenizer = chatTokenizer('inst', source + prompt);
    const { row } = await rowOf(talk.slice(1, 3), tokenizer, true);
    expect(learned(row, tokenizer)).toEqual([' Good morning.']);
  });
});

describe('conversations among examples', () => {
  test('are the same rows on another day, with a template that writes the date', async () => {
    const source = "{{ strftime_now('%d %b %Y') }}{% for m in messages %}{{ m.role + ':' + m.content }}{% endfor %}";
    const tokenizer = chatTokenizer('inst', source);
    const rowsOn = async (day: Date) => {
      vi.setSystemTime(day);
      const { rows } = await collectRows(examples({ messages: talk }), options(tokenizer, { completionOnly: false }));
      return rows as readonly TokenRow[];
    };
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const first = await rowsOn(new Date(2026, 5, 1));
      expect(await rowsOn(new Date(2026, 5, 2))).toEqual(first);
      expect(tokenizer.decode([...(first[0]?.input_ids ?? [])])).toContain('01 Jan 2025');
    } finally {
      vi.useRealTimers();
    }
  });

  test('may be lines of JSON, with further fields', async () => {
    const lines = [{ messages: talk, text: 'x', id: 3 }, { text: 'Call me Ishmael.' }, { messages: talk, prompt: 'p' }];
    const blob = new Blob([lines.map((line) => JSON.stringify(line)).join('\n')]);
    const { rows } = await collectRows({ kind: 'blob', blob, format: 'jsonl' }, options(qwen));
    const [first, text, last] = rows as [TokenRow, TokenRow, TokenRow];
    expect(learned(first, qwen)).toEqual(['Good morning.<|im_end|>\n', 'Ishmael.<|im_end|>\n']);
    expect(learned(text, qwen)).toEqual(['Call me Ishmael.']);
    expect(last).toEqual(first);
  });

  test('are cut at max_length', async () => {
    const whole = (await rowOf(talk, qwen, true)).row;
    const { rows } = await collectRows(examples({ messages: talk }), options(qwen, { maxLength: 40 }));
    expect([...(rows[0]?.input_ids ?? [])]).toEqual([...whole.input_ids.slice(0, 40)]);
    expect([...(rows[0]?.labels ?? [])]).toEqual([...whole.labels.slice(0, 40)]);
  });

  /** A conversation of many short messages. */
  const chatter = (turns: number): ChatMessage[] =>
    Array.from({ length: turns }, (_, i) => [
      { role: 'user', content: `${i}?` },
      { role: 'assistant', content: `${i}.` },
    ]).flat();

  test.each([
    ['qwen2_5', 80],
    ['qwen2_5', 150],
    ['phi3', 90],
    ['inst', 90],
  ])('of %s are cut at %d tokens with the labels of the whole conversation', async (name, maxLength) => {
    const tokenizer = chatTokenizer(name);
    const whole = (await rowOf(chatter(16), tokenizer, true)).row;
    const { rows } = await collectRows(examples({ messages: chatter(16) }), options(tokenizer, { maxLength }));
    expect([...(rows[0]?.input_ids ?? [])]).toEqual([...whole.input_ids.slice(0, maxLength)]);
    expect([...(rows[0]?.labels ?? [])]).toEqual([...whole.labels.slice(0, maxLength)]);
  });

  test('are cut however long they are', async () => {
    const cutAt100 = async (turns: number) => {
      const { rows } = await collectRows(examples({ messages: chatter(turns) }), options(qwen, { maxLength: 100 }));
      return rows;
    };
    expect(await cutAt100(500)).toEqual(await cutAt100(16));
  });

  test('of many long turns are encoded few times, with the tokens of each beginning of the text', async () => {
    const long: ChatMessage[] = Array.from({ length: 6 }, (_, i) => [
      { role: 'user', content: `${i}?` },
      { role: 'assistant', content: proseText(12_000 + i) },
    ]).flat();
    const push = vi.spyOn(TextStream.prototype, 'push');
    const { row } = await rowOf(long, qwen, true);
    const pushed = push.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
    push.mockRestore();
    const { text, turns } = await qwen.renderChat({ messages: long, add_generation_prompt: false, turns: true });
    expect(text.length).toBeGreaterThan(2 * WINDOW);
    // Once for the tokens, and once for the turns.
    expect(pushed).toBeLessThanOrEqual(2 * text.length);
    const tokens = (length: number) => sharedLength(row.input_ids, qwen.encode(text.slice(0, length), NO_SPECIALS));
    const places = turns.map((turn) => turn.map(tokens));
    expect(places).toHaveLength(6);
    const labelled = [...row.labels.keys()].filter((t) => row.labels[t] !== IGNORED);
    expect(labelled).toEqual(
      [...row.labels.keys()].filter((t) => places.some(([from = 0, to = 0]) => from <= t && t < to)),
    );
  });

  test('are the same in whichever order the turns are reported', async () => {
    const rendered = await qwen.renderChat({ messages: talk, add_generation_prompt: false, turns: true });
    const turns = rendered.turns.toReversed();
    const { row } = await rowOf(talk, { ...qwen, renderChat: async () => ({ ...rendered, turns }) }, true);
    expect(row).toEqual((await rowOf(talk, qwen, true)).row);
  });

  test('are left out if they are cut before the first turn that is certain', async () => {
    const source = examples({ messages: chatter(300) }, { messages: talk });
    const { rows, leftOut } = await collectRows(source, options(chatTokenizer('qwen3'), { maxLength: 100 }));
    expect([rows.length, leftOut]).toEqual([1, 1]);
  });

  test('are packed without another EOS', async () => {
    const whole = (await rowOf(talk, qwen, true)).row;
    const { rows } = await collectRows(
      examples({ messages: talk }, { messages: talk }),
      options(qwen, { maxLength: 2 * whole.input_ids.length, packing: true }),
    );
    expect(rows).toHaveLength(1);
    expect([...(rows[0]?.input_ids ?? [])]).toEqual([...whole.input_ids, ...whole.input_ids]);
    expect([...(rows[0]?.labels ?? [])]).toEqual([...whole.labels, ...whole.labels]);
    expect(new Set(rows[0]?.attention_mask)).toEqual(new Set([1, 2]));
  });

  test('without an answer are left out, unless all tokens are trained', async () => {
    const question = { messages: talk.slice(0, 2) };
    const { rows, leftOut } = await collectRows(examples(question, { messages: talk }), options(qwen));
    expect([rows.length, leftOut]).toEqual([1, 1]);
    const all = await collectRows(examples(question), options(qwen, { completionOnly: false }));
    expect([...(all.rows[0]?.labels ?? [])]).toEqual([...(all.rows[0]?.input_ids ?? [])]);
  });

  test('whose answers can not be found are refused by their number', async () => {
    const source = '{{ messages | length }}{{ messages[-1].content }}';
    const rows = collectRows(
      examples({ text: 'x' }, { messages: talk.slice(0, 4) }),
      options(chatTokenizer('inst', source)),
    );
    await expect(rows).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^example 1: expected a chat template/),
      hint: expect.stringContaining('completion_only_loss: false'),
    });
  });

  test.each([
    ['a template that refuses them', chatTokenizer('inst'), [talk[1], talk[1]], 'invalid_argument'],
    ['a hostile template', chatTokenizer('inst', '{% for i in range(3000000) %}a{% endfor %}'), talk, 'limit_exceeded'],
  ])('%s is reported with their number', async (_, tokenizer, messages, code) => {
    await expect(collectRows(examples({ messages }), options(tokenizer))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^example 0: The chat template /),
      hint: expect.stringMatching(/./),
    });
  });

  test('turns that are not trained are counted', async () => {
    const source = examples({ messages: talk }, { messages: talk }, { messages: talk.slice(0, 3) });
    const { rows, uncertain } = await collectRows(source, options(chatTokenizer('qwen3')));
    expect([rows.length, uncertain]).toEqual([3, 2]);
  });
});
