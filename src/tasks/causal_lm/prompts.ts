import type { ChatMessage } from '../../core/types/chat';
import type { TextTokenizer } from '../../tokenizer/tokenizer';

/** Appends the EOS token to a completion that doesn't end with it, as in TRL. */
export function completionText({ eos_token, eos_token_id }: TextTokenizer, completion: string): string {
  const eos = eos_token_id === null ? null : eos_token;
  return eos === null || completion.endsWith(eos) ? completion : completion + eos;
}

/** A private-use character, which few texts contain. */
const CUT = '\uf8ff';

/** Marks the end of the last message's content, to cut the rendered conversation there, as `continue_final_message` does in transformers. */
export function withCutMark(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const last = messages.length - 1;
  return messages.map((message, index) => (index === last ? { ...message, content: message.content + CUT } : message));
}

/** Returns the part of a rendered conversation before the mark. Returns all of it if the template leaves the last message out. */
export function beforeCutMark(text: string): string {
  const end = text.lastIndexOf(CUT);
  return end === -1 ? text : text.slice(0, end);
}

/** Returns the number of tokens that two lists have in common from their first token on. */
export function sharedLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
