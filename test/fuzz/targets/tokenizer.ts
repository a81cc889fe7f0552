import { createTokenizer, type TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { attempt, expectSame, type FuzzTarget, partsOf, textOf } from '../target';

const VOCABULARY = 4096;
/** The number of characters of a long text, enough to reveal quadratic time. */
const LONG = 4096;

/** The input: tokenizer.json, tokenizer_config.json and a text. */
export const target: FuzzTarget = {
  name: 'tokenizer',
  codes: ['invalid_format', 'limit_exceeded'],
  run(bytes) {
    const [json, config, text] = partsOf(bytes, 3).map(textOf) as [string, string, string];
    const options = { vocabSize: VOCABULARY };
    const tokenizer = createTokenizer(json, config === '' ? undefined : config, options);
    useOn(tokenizer, text);
    if (text !== '') useOn(tokenizer, text.repeat(Math.max(1, Math.ceil(LONG / text.length))).slice(0, LONG));
  },
};

function useOn(tokenizer: TextTokenizer, text: string): void {
  const ids = attempt(target, () => tokenizer.encode(text));
  if (ids === undefined) return;
  const odd = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= VOCABULARY);
  if (odd !== undefined) throw new Error(`encode: expected ids below ${VOCABULARY}, got ${odd}`);
  for (const skip_special_tokens of [false, true])
    attempt(target, () => tokenizer.decode(ids, { skip_special_tokens }));
  const bare = tokenizer.encode(text, { add_special_tokens: false });
  const streamed = attempt(target, () => {
    const stream = tokenizer.stream();
    const half = text.length >> 1;
    const parts = [text.slice(0, half), text.slice(half)].flatMap((part) => [...stream.push(part)].flat());
    return [...parts, ...stream.finish()];
  });
  useInPairs(tokenizer, text, bare);
  if (streamed !== undefined) expectSame('a text in two parts', streamed, bare);
}

/** The maximum number of tokens of a text pair. A tokenizer that adds more special tokens than this is refused. */
const ROOM = 1024;

function useInPairs(tokenizer: TextTokenizer, text: string, bare: readonly number[]): void {
  const { before, after } = tokenizer.specialTokens;
  const maxLength = before.length + after.length + 8;
  const cut = attempt(target, () => tokenizer.encodePair(text, undefined, { maxLength }));
  if (cut !== undefined)
    expectSame('a text cut to a length', cut.input_ids, [...before, ...bare.slice(0, 8), ...after]);
  const pair = attempt(target, () => tokenizer.encodePair(text, text, { maxLength: ROOM }));
  if (pair === undefined) return;
  if (pair.input_ids.length > ROOM) throw new Error(`encodePair: expected at most ${ROOM} ids`);
  expectSame('types of tokens', [pair.token_type_ids.length], [pair.input_ids.length]);
}
