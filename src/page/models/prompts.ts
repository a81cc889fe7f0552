import { type ChatMessage, chatMessages } from '../../core/types/chat';
import type { Prompt } from '../../worker/protocol';
import { wrong } from '../session/options';
import { plainIds, type Tokenizer } from './remote_tokenizer';

/** A prompt: a text to continue, a conversation to answer, or token ids. */
export type GenerateInput = string | readonly ChatMessage[] | readonly number[];

/** It as it is sent. `what` says which prompt it is. */
export function wirePrompt(what: string, input: GenerateInput, tokenizer: Tokenizer | undefined): Prompt {
  if (typeof input === 'string' || isChat(input)) {
    if (tokenizer !== undefined) return typeof input === 'string' ? input : { messages: chatMessages(what, input) };
    const hint = 'Load the model from a folder with tokenizer.json, or encode the text elsewhere.';
    throw wrong(what, 'token ids, as this model came without a tokenizer', input, hint);
  }
  const hint = promptHint(input);
  if (hint !== '') throw wrong(what, 'a text, messages or an array of token ids', input, hint);
  return plainIds(what, input);
}

/** The hint for a value that is no prompt; '' for one that may be. */
function promptHint(input: unknown): string {
  if (ArrayBuffer.isView(input)) return '';
  if (!Array.isArray(input)) {
    const { input_ids, data } = (input ?? {}) as Readonly<Record<string, unknown>>;
    if (input_ids !== undefined) return 'The ids of one text are passed by themselves: generate(input_ids[0], { … }).';
    if (data !== undefined) return 'The ids of one text are passed by themselves: generate(tensor.data, { … }).';
    return "The text comes first, then the options: generate('The whale', { max_new_tokens: 40 }).";
  }
  const [first] = input as readonly unknown[];
  return typeof first === 'string' || Array.isArray(first) ? 'Several at once go to generate_batch(prompts).' : '';
}

/** Token ids are numbers, and several prompts texts or arrays. */
function isChat(input: GenerateInput): input is readonly ChatMessage[] {
  if (!Array.isArray(input)) return false;
  const [first] = input as readonly unknown[];
  return typeof first === 'object' && first !== null && !Array.isArray(first);
}
