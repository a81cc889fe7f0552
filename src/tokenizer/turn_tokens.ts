/** The content of a token in `added_tokens`, as JSON writes it. */
const CONTENT = /"content"\s*:\s*"((?:[^"\\]|\\.){1,100})"/g;
/** A token that stands for something else than its letters. */
const MARK = /^(?:<.+>|\[.+\])$/;
/** Marks that tokenizers of models without chat have too. */
const USUAL =
  /^(?:<\/?s>|<(?:unk|pad|mask|bos|eos|cls|sep)>|\[(?:unk|pad|mask|bos|eos|cls|sep|unused\d+)\]|<unused\d+>|<\|(?:endoftext|(?:begin|end)_of_text)\|>)$/i;

/**
 * Whether a tokenizer.json, given as text, has tokens that may mark the turns of a conversation, such as <|im_start|> or [INST].
 * Folders of such tokenizers often have a chat template, other folders rarely.
 */
export function mayMarkTurns(tokenizerJson: string): boolean {
  // Only added tokens have a field `content`. The vocabulary, which follows them, has no such field.
  return [...tokenizerJson.matchAll(CONTENT)].some(([, content = '']) => MARK.test(content) && !USUAL.test(content));
}
