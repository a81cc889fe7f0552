import { WebVeraError } from '../core/errors/error';
import { isJsonObject, type JsonObject } from '../core/input/fields';
import type { Chat, ChatTemplate, RenderChat, RenderedChat } from '../core/types/chat';
import { errorFromData } from '../core/types/wire';
import { specialToken } from './special_tokens';

/**
 * Returns a tokenizer's chat template, with the special tokens to which it can refer by name. `file` is the text of chat_template.jinja and
 * overrides tokenizer_config.json. If tokenizer_config.json holds several named templates, the one named `default` is used.
 */
export function readChatTemplate(config: JsonObject, file: string | undefined): ChatTemplate | undefined {
  const { chat_template: own } = config;
  const named = Array.isArray(own) ? own.find((each) => isJsonObject(each) && each.name === 'default')?.template : own;
  const source = file ?? named;
  if (typeof source !== 'string') return undefined;
  const tokens = Object.keys(config).flatMap((key) => {
    const token = key.endsWith('_token') ? specialToken(config, key) : null;
    return token === null ? [] : [[key, token]];
  });
  return { source, tokens: Object.fromEntries(tokens) };
}

/** Renders a conversation. Throws `invalid_argument` if there is no template, and the error of a template that fails. */
export async function renderChat(
  template: ChatTemplate | undefined,
  render: RenderChat | undefined,
  chat: Chat,
): Promise<RenderedChat> {
  if (template === undefined || render === undefined) {
    throw new WebVeraError('invalid_argument', 'Expected a tokenizer with a chat template, got one without', {
      hint: 'Models that follow instructions have one, in chat_template.jinja or tokenizer_config.json. With this one, write the conversation as one text.',
    });
  }
  const outcome = await render(template, chat);
  if ('error' in outcome) throw errorFromData(outcome.error);
  return outcome.rendered;
}
