import { ChatWriter } from '../../../src/chat/chat_writer';
import { errorFromData } from '../../../src/core/types/wire';
import { type FuzzTarget, isRefusal, partsOf, textOf } from '../target';

const CODES = ['invalid_format', 'invalid_argument', 'limit_exceeded', 'timeout'] as const;

/** The input: a chat template, a question and an answer. */
export const target: FuzzTarget = {
  name: 'chat_template',
  codes: CODES,
  // The library stops a template after two seconds.
  most_ms: 3000,
  run(bytes) {
    const [source, question, answer] = partsOf(bytes, 3).map(textOf) as [string, string, string];
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ];
    const template = { source, tokens: { bos_token: '<s>', eos_token: '</s>' } };
    const outcome = new ChatWriter().render(template, { messages, add_generation_prompt: false, turns: true });
    if ('error' in outcome) {
      const error = errorFromData(outcome.error);
      if (!isRefusal(error, CODES)) throw error;
      return;
    }
    const { text, turns, uncertain } = outcome.rendered;
    if (turns.length + uncertain !== 2) throw new Error(`got ${turns.length} turns and ${uncertain} others`);
    for (const [start, end] of turns) {
      if (!(start >= 0 && start <= end && end <= text.length)) throw new Error(`got a turn from ${start} to ${end}`);
    }
  },
};
