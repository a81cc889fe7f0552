import { describe, expect, test } from 'vitest';
import { ChatWriter } from '../../src/chat/chat_writer';
import type { ChatMessage, RenderedChat } from '../../src/core/types/chat';
import { chatOf } from '../helpers/chats';
import { goldenTemplate } from '../helpers/golden/golden_chats';

/** Renders a conversation with a golden template. Returns the assistant's turns, and how many turns are uncertain. */
function turnsOf(
  template: string,
  messages: readonly ChatMessage[],
): Pick<RenderedChat, 'uncertain'> & { turns: string[] } {
  const outcome = new ChatWriter().render(goldenTemplate(template), chatOf(messages, { turns: true }));
  if ('error' in outcome) throw outcome.error;
  const { text, turns, uncertain } = outcome.rendered;
  return { turns: turns.map(([start, end]) => text.slice(start, end)), uncertain };
}

const talk: readonly ChatMessage[] = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Good morning.' },
  { role: 'user', content: 'You are?' },
  { role: 'assistant', content: 'Ishmael.' },
];

describe("the assistant's turns", () => {
  test.each([
    ['qwen2_5', ['Good morning.<|im_end|>\n', 'Ishmael.<|im_end|>\n'], 0],
    ['model_turns', ['Good morning.<end_of_turn>\n', 'Ishmael.<end_of_turn>\n'], 0],
    ['inst', [' Good morning.</s>', ' Ishmael.</s>'], 0],
    // This template ends each turn with <|end|>, and the conversation with <|endoftext|>.
    ['phi3', ['Good morning.<|end|>\n', 'Ishmael.<|end|>\n<|endoftext|>'], 0],
    // This template writes a <think> block, even an empty one, only into the last answer.
    ['qwen3', ['<think>\n\n</think>\n\nIshmael.<|im_end|>\n'], 1],
  ])('%s', (template, turns, uncertain) => {
    expect(turnsOf(template, talk)).toEqual({ turns, uncertain });
  });

  test("a system message that moves to the last question, and so isn't there after an answer", () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, ...talk];
    expect(turnsOf('inst', messages)).toEqual({ turns: ['Good morning.</s>', 'Ishmael.</s>'], uncertain: 0 });
  });

  test('turns after the first characters that are asked for are left out, whether they are certain or not', () => {
    const written = (template: string, reach: number) => {
      const outcome = new ChatWriter().render(goldenTemplate(template), chatOf(talk, { turns: true, reach }));
      if ('error' in outcome) throw outcome.error;
      return outcome.rendered;
    };
    const [first, second] = written('qwen2_5', 1e9).turns;
    if (first === undefined || second === undefined) throw new Error('expected two turns');
    expect(written('qwen2_5', first[0] - 1)).toMatchObject({ turns: [], uncertain: 0 });
    expect(written('qwen2_5', second[0] - 1)).toMatchObject({ turns: [first], uncertain: 0 });
    expect(written('qwen2_5', second[0])).toMatchObject({ turns: [first, second], uncertain: 0 });
    expect(written('qwen3', 1)).toMatchObject({ turns: [], uncertain: 0 });
  });

  test('of a long conversation are found within the limit of time, if only its beginning is asked for', () => {
    const messages = Array.from({ length: 100 }, () => talk).flat();
    for (const template of ['qwen2_5', 'qwen3', 'phi3', 'inst']) {
      // This clock goes by the work of a template, about as fast as on a usual machine.
      let time = 0;
      const clock = { now: () => (time += 0.1) };
      const outcome = new ChatWriter(clock).render(
        goldenTemplate(template),
        chatOf(messages, { turns: true, reach: 300 }),
      );
      expect(outcome, template).toHaveProperty('rendered');
    }
  });

  test('the last message of the user is not a turn of the assistant', () => {
    expect(turnsOf('qwen2_5', talk.slice(0, 3))).toEqual({ turns: ['Good morning.<|im_end|>\n'], uncertain: 0 });
  });

  test('no turn is returned if none is certain', () => {
    const source = '{{ messages | length }}{{ messages[-1].content }}';
    const outcome = new ChatWriter().render({ source, tokens: {} }, chatOf(talk.slice(0, 3), { turns: true }));
    expect(outcome).toMatchObject({ rendered: { turns: [], uncertain: 1 } });
  });

  test('an answer whose prompt differs from its writing is its content and its end', () => {
    const write = '{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}';
    const source = `${write}{% if add_generation_prompt %}<assistant><think>{% endif %}`;
    const outcome = new ChatWriter().render({ source, tokens: {} }, chatOf(talk.slice(0, 2), { turns: true }));
    const text = '<user>Hello</><assistant>Good morning.</>';
    expect(outcome).toEqual({ rendered: { text, turns: [[text.indexOf('Good'), text.length]], uncertain: 0 } });
  });

  test('an answer that occurs twice is uncertain', () => {
    const source = "{{ messages[-1].content }}{% for m in messages %}{{ '|' + m.content }}{% endfor %}";
    const outcome = new ChatWriter().render({ source, tokens: {} }, chatOf(talk.slice(0, 2), { turns: true }));
    expect(outcome).toMatchObject({ rendered: { turns: [], uncertain: 1 } });
  });

  test('a question that is written only with its answer is not part of a turn', () => {
    const source =
      "{% for m in messages if m.role == 'assistant' %}{{ 'Q:' + messages[2 * loop.index0].content + ' A:' + m.content + ';' }}{% endfor %}";
    const outcome = new ChatWriter().render({ source, tokens: {} }, chatOf(talk, { turns: true }));
    if ('error' in outcome) throw outcome.error;
    const { text, turns, uncertain } = outcome.rendered;
    expect(text).toBe('Q:Hello A:Good morning.;Q:You are? A:Ishmael.;');
    expect([turns.map(([start, end]) => text.slice(start, end)), uncertain]).toEqual([
      ['Good morning.;', 'Ishmael.;'],
      0,
    ]);
  });
});
