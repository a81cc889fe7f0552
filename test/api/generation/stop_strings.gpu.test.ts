import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AutoModelForCausalLM, type GenerationConfig, type PreTrainedModel } from '../../../src/index';
import { folderFiles } from '../../helpers/golden/golden';
import { loadTinyVera, tinyRow } from '../../helpers/models/tiny_llama';
import { openTokenizer, proseFolder } from '../../helpers/models/tokenizers';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const SAMPLED: GenerationConfig = {
  max_new_tokens: 40,
  do_sample: true,
  temperature: 1.2,
  seed: 5,
  eos_token_id: null,
};
const PROMPTS = ['It was the whale', 'Élise, “naïve” ', 'A'];
const tokenizer = openTokenizer(proseFolder);

let opened: TestSession;
let model: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  const source = folderFiles(pathToFileURL(`${proseFolder}/`));
  model = await AutoModelForCausalLM.from_pretrained(source, { session: opened.session });
});
afterAll(() => opened.session.close());

async function piecesOf(prompt: string | readonly number[], config: GenerationConfig) {
  const pieces: { readonly text: string; readonly token_id: number }[] = [];
  for await (const { token_id, text } of model.generate(prompt, config)) pieces.push({ token_id, text });
  return pieces;
}

/** Returns the pieces up to the one that completes a stop string. */
function upTo(pieces: readonly { readonly text: string }[], strings: readonly string[]) {
  const textUpTo = (end: number) => pieces.slice(0, end).reduce((text, piece) => text + piece.text, '');
  const ends = pieces.findIndex((_, at) => strings.some((string) => textUpTo(at + 1).includes(string)));
  return ends < 0 ? pieces : pieces.slice(0, ends + 1);
}

test('a text ends with the token that completes a string, and contains both', async () => {
  const [prompt = ''] = PROMPTS;
  const free = await piecesOf(prompt, SAMPLED);
  const text = free.map((piece) => piece.text).join('');
  expect(free).toHaveLength(40);
  for (const stop_strings of [
    [text.slice(9, 15)],
    [text[20]!, 'not there'],
    ['not there', text.slice(30, 60)],
    [' '],
  ]) {
    const expected = upTo(free, stop_strings);
    expect(expected.length).toBeLessThan(40);
    expect(await piecesOf(prompt, { ...SAMPLED, stop_strings })).toEqual(expected);
    const whole = await model.generate(prompt, { ...SAMPLED, stop_strings });
    expect(whole).toBe(expected.map((piece) => piece.text).join(''));
    expect(stop_strings.some((string) => whole.includes(string))).toBe(true);
  }
  expect(await piecesOf(prompt, { ...SAMPLED, stop_strings: ['not there'] })).toEqual(free);
  expect(await piecesOf(prompt, { ...SAMPLED, stop_strings: [] })).toEqual(free);
});

test('each row of a batch has its own end', async () => {
  const stop_strings = ['e', '.'];
  const texts = await model.generate_batch(PROMPTS, { ...SAMPLED, stop_strings });
  const alone: string[] = [];
  for (const [row, prompt] of PROMPTS.entries()) {
    const config = { ...SAMPLED, seed: 5 + row };
    alone.push(await model.generate(prompt, { ...config, stop_strings }));
    const expected = upTo(await piecesOf(prompt, config), stop_strings);
    expect(alone[row]).toBe(expected.map((piece) => piece.text).join(''));
  }
  expect(texts).toEqual(alone);
  expect(new Set(texts.map(({ length }) => length)).size).toBeGreaterThan(1);
});

test('a string that begins in the prompt ends the text too, also of token ids', async () => {
  const [prompt = ''] = PROMPTS;
  const [first] = await piecesOf(prompt, SAMPLED);
  const stop_strings = [`whale${first!.text[0]}`];
  expect(await piecesOf(prompt, { ...SAMPLED, stop_strings })).toEqual([first]);
  expect(await piecesOf(tokenizer.encode(prompt), { ...SAMPLED, stop_strings })).toEqual([first]);
  // A stop string within the prompt doesn't stop generation.
  expect(await piecesOf(prompt, { ...SAMPLED, stop_strings: ['the whale'] })).toHaveLength(40);
});

test('without a tokenizer it says what to do', async () => {
  const bare = await loadTinyVera(opened);
  const { input_ids } = tinyRow(4);
  await expect(bare.generate(input_ids, { stop_strings: ['a'] })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'generate: expected no stop_strings, because the model has no tokenizer',
    hint: expect.stringContaining('tokenizer.json'),
  });
  expect(await bare.generate(input_ids, { stop_strings: [], max_new_tokens: 2 })).toBe('');
});
