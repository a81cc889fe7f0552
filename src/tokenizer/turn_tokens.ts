/** Matches the content of a token in `added_tokens`, as JSON encodes it. */
const CONTENT = /"content"\s*:\s*"((?:[^"\\]|\\.){1,100})"/g;
/** Matches a token in angle or square brackets: it usually marks something and isn't a part of the text. */
const MARK = /^(?:<.+>|\[.+\])$/;
/** Matches marks that are common in tokenizers of models without chat, too. */
const USUAL =
  /^(?:<\/?s>|<(?:unk|pad|mask|bos|eos|cls|sep)>|\[(?:unk|pad|mask|bos|eos|cls|sep|unused\d+)\]|<unused\d+>|<\|(?:endoftext|(?:begin|end)_of_text)\|>)$/i;

/**
 * Whether a tokenizer.json, given as text, has tokens that may mark the turns of a conversation, such as <|im_start|> or [INST].
 * Folders of such tokenizers often have a chat template, other folders rarely.
 */
export function mayMarkTurns(tokenizerJson: string): boolean {
  // A field `content` belongs to an added token or to a rule that replaces text. The vocabulary has no such field.
  return [...tokenizerJson.matchAll(CONTENT)].some(([, content = '']) => MARK.test(content) && !USUAL.test(content));
}
