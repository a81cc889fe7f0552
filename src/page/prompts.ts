import type { Prompt } from '../worker/protocol';
import { wrong } from './options';
import { plainIds, type Tokenizer } from './tokenizer';

/** A text or token ids as they are sent. `what` says which prompt it is. */
export function wirePrompt(what: string, input: Prompt, tokenizer: Tokenizer | undefined): Prompt {
  if (typeof input === 'string') {
    if (tokenizer !== undefined) return input;
    const hint = 'Load the model from a folder with tokenizer.json, or encode the text elsewhere.';
    throw wrong(what, 'token ids, as this model came without a tokenizer', input, hint);
  }
  const hint = promptHint(input);
  if (hint !== '') throw wrong(what, 'a text or an array of token ids', input, hint);
  return plainIds(what, input);
}

/** What to do about what is no prompt; '' for what may be one. */
function promptHint(input: unknown): string {
  if (ArrayBuffer.isView(input)) return '';
  if (!Array.isArray(input)) {
    const { input_ids, data } = (input ?? {}) as Readonly<Record<string, unknown>>;
    if (input_ids !== undefined) return 'The ids of one text are passed by themselves: generate(input_ids[0], { … }).';
    if (data !== undefined) return 'The ids of one text are passed by themselves: generate(tensor.data, { … }).';
    return "The text comes first, then the options: generate('The whale', { max_new_tokens: 40 }).";
  }
  const [first] = input as readonly unknown[];
  if (typeof first === 'string' || Array.isArray(first)) return 'Several at once go to generate_batch(prompts).';
  if (typeof first !== 'object' || first === null) return '';
  return 'Chat messages are not supported yet: write them as one text, in the form that the model learnt from.';
}
