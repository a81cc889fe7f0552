import { ChatWriter } from '../../../src/chat/chat_writer';
import { createTokenizer, type TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { goldenTemplate, goldenTokenizerJson } from './golden_chats';

/** Makes the tokenizer of the golden conversations. Its chat template is `source` or, by default, the golden one of this name. */
export function chatTokenizer(name: string, source?: string): TextTokenizer {
  const template = goldenTemplate(name);
  const writer = new ChatWriter();
  return createTokenizer(goldenTokenizerJson(), JSON.stringify(template.tokens), {
    chatTemplate: async () => source ?? template.source,
    renderChat: async (...chat) => writer.render(...chat),
  });
}
