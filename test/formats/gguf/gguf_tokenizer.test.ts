import { describe, expect, test } from 'vitest';
import { GgufFiles } from '../../../src/formats/gguf/gguf_files';
import { createTokenizer, type TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { type GgufSpec, ggufBytes } from '../../helpers/bytes/gguf_bytes';
import { ggufFile, ggufRows, sentencepieceRows, vocabularyMerges, withText } from '../../helpers/golden/golden_gguf';
import { MemorySource } from '../../helpers/session/memory_source';

async function tokenizerOf(file: Uint8Array): Promise<TextTokenizer> {
  const made = await new GgufFiles(new MemorySource({ file }), 'file').tokenizer();
  return createTokenizer(made?.tokenizer ?? {}, made?.config);
}

const PRE = 'tokenizer.ggml.pre';
const cutting = (pre: string): Promise<TextTokenizer> => tokenizerOf(withText(ggufFile('tokenizer-smollm'), PRE, pre));

describe.each([...new Set(ggufRows.map(({ pre }) => pre))])('a tokenizer that cuts texts as %s', (pre) => {
  test('gives the ids of transformers’ tokenizer.json', async () => {
    const tokenizer = await cutting(pre);
    for (const { text, ids } of ggufRows.filter((row) => row.pre === pre))
      expect(tokenizer.encode(text), text).toEqual(ids);
    const { bos_token_id, eos_token_id, pad_token_id } = tokenizer;
    expect({ bos_token_id, eos_token_id, pad_token_id }).toEqual({ bos_token_id: 0, eos_token_id: 2, pad_token_id: 1 });
    expect(await tokenizer.hasChatTemplate()).toBe(true);
  });
});

describe.each([...new Set(sentencepieceRows.map(({ tokenizer }) => tokenizer))])('%s', (name) => {
  test('gives the ids and texts of transformers', async () => {
    const tokenizer = await tokenizerOf(ggufFile(name));
    for (const { text, ids, decoded } of sentencepieceRows.filter((row) => row.tokenizer === name)) {
      expect(tokenizer.encode(text), text).toEqual(ids);
      expect(tokenizer.decode(ids, { skip_special_tokens: true }), text).toBe(decoded);
    }
  });
});

test('Llama’s files have a space before a text, as Phi-3’s', async () => {
  const file = ggufFile('sentencepiece-phi3');
  const [llama, phi3] = [await tokenizerOf(withText(file, 'general.architecture', 'llama')), await tokenizerOf(file)];
  for (const { text } of sentencepieceRows) expect(llama.encode(text), text).toEqual(phi3.encode(text));
});

describe('turn tokens of a Phi-3', () => {
  const tokens = ['<unk>', '<s>', '</s>', '<|endoftext|>', '<|user|>', '<|end|>', '\u2581', '\u2581a', 'a', '\n', ' '];
  const made = (name: string): Promise<TextTokenizer> => {
    const fields = {
      'general.architecture': 'phi3',
      'general.name': name,
      'tokenizer.ggml.model': 'llama',
      'tokenizer.ggml.tokens': tokens,
      'tokenizer.ggml.scores': tokens.map(() => 0),
      'tokenizer.ggml.token_type': [2, 3, 4, 3, 3, 4, 1, 1, 1, 1, 1],
      'tokenizer.ggml.bos_token_id': 1,
    };
    return tokenizerOf(ggufBytes({ fields }));
  };
  const encoded = async (text: string, name: string): Promise<readonly number[]> => (await made(name)).encode(text);

  test.each(['Phi3', 'Phi-3-mini-4k-instruct', 'Phi 3.5 Mini Instruct'])(
    'of a file named %s take the white space after them, as in its tokenizer.json',
    async (name) => {
      expect(await encoded('<|user|>\na\na<|end|>\n<|user|>\n', name)).toEqual([1, 4, 7, 9, 8, 5, 4]);
      expect(await encoded('a</s> a', name)).toEqual([1, 7, 2, 7]);
    },
  );

  test.each(['<unk>', '<s>', '<|endoftext|>'])('don’t include %s', async (token) => {
    expect(await encoded(`${token}\n`, 'Phi3')).toEqual([1, tokens.indexOf(token), 6, 9]);
  });

  test('stay out of a text if they end a turn, whatever their type', async () => {
    const tokenizer = await made('Phi3');
    expect(tokenizer.decode([7, 5, 7, 2], { skip_special_tokens: true })).toBe('a a</s>');
  });

  test('are those of other models in a file with another name', async () => {
    expect(await encoded('<|user|>\na', 'Phi 4')).toEqual([1, 4, 6, 9, 8]);
  });
});

test('merges are made of a vocabulary as transformers makes them', async () => {
  const { tokens, scores, merges } = vocabularyMerges;
  const fields = {
    'general.architecture': 'llama',
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.scores': scores,
  };
  const made = await new GgufFiles(new MemorySource({ file: ggufBytes({ fields }) }), 'file').tokenizer();
  expect(made?.tokenizer.model).toMatchObject({ merges });
});

const SENTENCEPIECE = {
  'general.architecture': 'llama',
  'tokenizer.ggml.model': 'llama',
  'tokenizer.ggml.tokens': ['<unk>', '<s>', '</s>', '\u2581', 'a', 'b', 'ab', '\u2581a'],
  'tokenizer.ggml.scores': [0, 0, 0, -3, -4, -5, -1, -2],
  'tokenizer.ggml.token_type': [2, 3, 3, 1, 1, 1, 1, 1],
  'tokenizer.ggml.bos_token_id': 1,
  'tokenizer.ggml.eos_token_id': 2,
};

describe('a tokenizer of SentencePiece', () => {
  const made = (fields: NonNullable<GgufSpec['fields']> = {}): Promise<TextTokenizer> =>
    tokenizerOf(ggufBytes({ fields: { ...SENTENCEPIECE, ...fields } }));

  test('merges the pair with the best score first', async () => {
    expect((await made()).encode('ab')).toEqual([1, 3, 6]);
    const scores = [0, 0, 0, -3, -4, -5, -2, -1];
    expect((await made({ 'tokenizer.ggml.scores': scores })).encode('ab')).toEqual([1, 7, 5]);
  });

  test('uses the file’s merges if it has any', async () => {
    expect((await made({ 'tokenizer.ggml.merges': ['\u2581 a'] })).encode('ab')).toEqual([1, 7, 5]);
  });

  test('distinguishes tokens with and without a byte order mark', async () => {
    const tokens = [...SENTENCEPIECE['tokenizer.ggml.tokens'], '\ufeffab'];
    for (const architecture of ['llama', 'gemma']) {
      const tokenizer = await made({ ...scored(tokens), 'general.architecture': architecture });
      expect(tokenizer.encode(' ab').at(-1)).toBe(6);
      expect(tokenizer.decode([8])).toBe('\ufeffab');
    }
  });

  test('adds the special tokens that the file names', async () => {
    const flags = { 'tokenizer.ggml.add_bos_token': false, 'tokenizer.ggml.add_eos_token': true };
    expect((await made(flags)).encode('ab')).toEqual([3, 6, 2]);
    expect((await made({ 'tokenizer.ggml.add_space_prefix': false })).encode('ab')).toEqual([1, 6]);
  });

  test('of a Gemma merges in the order of its tokens, without scores', async () => {
    const fields = { 'general.architecture': 'gemma', 'tokenizer.ggml.scores': [] };
    expect((await made(fields)).encode(' ab')).toEqual([1, 3, 6]);
  });

  test.each([
    ['scores that are no numbers', { 'tokenizer.ggml.scores': [0, 0, 0, Number.NaN, -4, -5, -1, -2] }],
    ['endless scores', { 'tokenizer.ggml.scores': [0, 0, 0, Number.POSITIVE_INFINITY, -4, -5, -1, -2] }],
    ['too few scores', { 'tokenizer.ggml.scores': [0, 0, 0] }],
    ['scores that are texts', { 'tokenizer.ggml.scores': ['0'] }],
    ['too few kinds', { 'tokenizer.ggml.token_type': [2, 3] }],
    ['tokens that are numbers', { 'tokenizer.ggml.tokens': [1, 2] }],
    ['a flag that is a number', { 'tokenizer.ggml.add_space_prefix': 1 }],
    ['a token’s number that is a text', { 'tokenizer.ggml.unknown_token_id': '0' }],
  ])('with %s is invalid_format', async (_, fields) => {
    await expect(made(fields)).rejects.toMatchObject({ code: 'invalid_format' });
  });

  const scored = (tokens: readonly string[]) => ({
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.scores': tokens.map((_, id) => -id),
    'tokenizer.ggml.token_type': [],
  });

  test('of tokens that would take long to cut is limit_exceeded', async () => {
    await expect(made(scored(['a', 'a'.repeat(10_000)]))).rejects.toMatchObject({ code: 'limit_exceeded' });
    const many = Array.from({ length: 600 }, (_, length) => 'a'.repeat(length + 1));
    await expect(made(scored(many))).rejects.toMatchObject({ code: 'limit_exceeded' });
  });

  test('of characters beyond the first 65,536 is cut between characters', async () => {
    const tokens = ['\u{1f433}', '\u{1f40b}', '\u{1f433}\u{1f40b}', 'a', '\u{1f433}\u{1f40b}a', '\u2581'];
    const unnamed = { 'tokenizer.ggml.bos_token_id': 99, 'tokenizer.ggml.eos_token_id': 99 };
    expect((await made({ ...scored(tokens), ...unnamed })).encode('\u{1f433}\u{1f40b}a')).toEqual([5, 4]);
  });
});

test('a file with unknown rules for splitting, or none, is refused with the known rules', async () => {
  const file = ggufFile('tokenizer-smollm');
  for (const pre of ['viking', ''])
    await expect(tokenizerOf(withText(file, PRE, pre))).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringMatching(/gpt-2, .*llama-bpe.*falcon; got/),
      hint: expect.stringContaining('tokenizer.json'),
    });
  await expect(tokenizerOf(withText(file, 'tokenizer.ggml.model', 'bert'))).rejects.toMatchObject({
    code: 'unsupported_model',
    message: expect.stringContaining('gpt2, llama; got bert'),
  });
});

test.each([
  ['phi-2', 'gpt-2'],
  ['starcoder', 'smollm'],
  ['refact', 'smollm'],
  ['deepseek-r1-qwen', 'qwen2'],
  ['llama3', 'llama-bpe'],
  ['llama-v3', 'llama-bpe'],
  ['falcon3', 'llama-bpe'],
  ['smaug-bpe', 'dbrx'],
])('%s is another name of %s', async (other, pre) => {
  const tokenizer = await cutting(other);
  for (const { text, ids } of ggufRows.filter((row) => row.pre === pre)) expect(tokenizer.encode(text)).toEqual(ids);
});
