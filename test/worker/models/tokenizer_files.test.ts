import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../src/core/types/source';
import { openSource } from '../../../src/hub/open_source';
import { createTokenizer, type TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { BaseModelLoader } from '../../../src/worker/models/loading/base_model_loader';
import { readTokenizerFiles } from '../../../src/worker/models/loading/tokenizer_files';
import { ggufFile } from '../../helpers/golden/golden_gguf';
import { type Files, MemorySource } from '../../helpers/session/memory_source';
import { FaultyServer } from '../../hub/faulty_server';
import { errorOf } from '../../hub/source_bytes';
import { TestClock } from '../../hub/test_clock';
import { tokenizerJson } from '../../tokenizer/small_tokenizers';

interface Folder {
  /** The file in test/oracle/tokenizers with the same vocabulary. */
  readonly file: string;
  readonly files: Readonly<Record<string, object>>;
  /** Whether the folder holds that file as its tokenizer.json, with the stages that `files` has for it. */
  readonly has_tokenizer_json?: boolean;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
}

interface Row {
  readonly folder: string;
  readonly text: string;
  readonly pair: string | null;
  readonly input_ids: readonly number[];
}

const golden = JSON.parse(readFileSync('test/golden/vocabulary_files.json', 'utf8')) as {
  readonly folders: Readonly<Record<string, Folder>>;
  readonly rows: readonly Row[];
};
const bytes = (text: string) => new TextEncoder().encode(text);

interface Model {
  readonly type: string;
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges?: readonly (readonly [string, string])[];
}

function definitionOf(file: string): { readonly model: Model } {
  return JSON.parse(readFileSync(`test/oracle/tokenizers/${file}`, 'utf8'));
}

function vocabularyOf(file: string): Files {
  const { model } = definitionOf(file);
  if (model.type === 'WordPiece') {
    const tokens = Object.entries(model.vocab).sort(([, a], [, b]) => a - b);
    return { 'vocab.txt': bytes(tokens.map(([token]) => `${token}\n`).join('')) };
  }
  const merges = (model.merges ?? []).map((merge) => `${merge.join(' ')}\n`);
  return {
    'vocab.json': bytes(JSON.stringify(model.vocab)),
    'merges.txt': bytes(`#version: 0.2\n${merges.join('')}`),
  };
}

function filesOf({ file, files: { 'tokenizer.json': stages, ...files }, has_tokenizer_json }: Folder): Files {
  const others = Object.entries(files).map(([name, content]) => [name, bytes(JSON.stringify(content))] as const);
  const vocabulary = has_tokenizer_json
    ? { 'tokenizer.json': bytes(JSON.stringify({ ...definitionOf(file), ...stages })) }
    : vocabularyOf(file);
  return { ...vocabulary, ...Object.fromEntries(others) };
}

async function open(files: Files, modelType?: string): Promise<TextTokenizer> {
  const found = await readTokenizerFiles(new MemorySource(files), defaultLimits, { modelType });
  return createTokenizer(found?.tokenizer ?? '', found?.config, { stages: found?.stages });
}

describe.each(Object.entries(golden.folders))('%s', (name, folder) => {
  const { model_type } = folder.files['config.json'] as { readonly model_type: string };

  test.each([model_type, undefined])(
    'gives the ids that transformers gives, with the model’s type: %s',
    async (type) => {
      const tokenizer = await open(filesOf(folder), type);
      for (const { text, pair, input_ids } of golden.rows.filter((row) => row.folder === name)) {
        const encoded = tokenizer.encodePair(text, pair ?? undefined, { maxLength: 512 });
        expect([...encoded.input_ids], `${text}, ${pair}`).toEqual(input_ids);
      }
    },
  );

  test.each([model_type, undefined])('names the special tokens that transformers names: %s', async (type) => {
    const { bos_token_id, eos_token_id, pad_token_id } = await open(filesOf(folder), type);
    const { bos_token_id: bos, eos_token_id: eos, pad_token_id: pad } = folder;
    expect({ bos_token_id, eos_token_id, pad_token_id }).toEqual({
      bos_token_id: bos,
      eos_token_id: eos,
      pad_token_id: pad,
    });
  });
});

describe('a folder', () => {
  const gpt2 = vocabularyOf('roberta.json');

  test('without files has no tokenizer', async () => {
    expect(await readTokenizerFiles(new MemorySource({}), defaultLimits, { modelType: 'gpt2' })).toBeUndefined();
  });

  test('with a tokenizer.json is read from that alone', async () => {
    const source = new MemorySource({ ...gpt2, 'tokenizer.json': bytes('{}') });
    expect(await readTokenizerFiles(source, defaultLimits, { modelType: 'gpt2' })).toMatchObject({
      tokenizer: '{}',
      config: {},
      bytes: 2,
    });
    expect(source.opened).toEqual(['tokenizer.json']);
  });

  test.each([
    ['gpt2', '{"model_max_length":1024}', 2],
    ['gpt2', '{"eos_token":null}', null],
    ['llama', '{}', null],
  ])('with a tokenizer.json has the special tokens of its class: %s, %s', async (modelType, config, id) => {
    const tokenizer = tokenizerJson({ added_tokens: [{ id: 2, content: '<|endoftext|>', special: true }] });
    const files = { 'tokenizer.json': bytes(tokenizer), 'tokenizer_config.json': bytes(config) };
    expect((await open(files, modelType)).eos_token_id).toBe(id);
  });

  test.each([
    ['xlm-roberta', {}],
    ['llama', { tokenizer_class: 'XLMRobertaTokenizerFast' }],
  ])('with a tokenizer.json has the special tokens of XLM-RoBERTa by %s, %j', async (modelType, config) => {
    const added_tokens = ['<s>', '<pad>', '</s>', '<unk>'].map((content, id) => ({ id, content, special: true }));
    const files = {
      'tokenizer.json': bytes(tokenizerJson({ added_tokens })),
      'tokenizer_config.json': bytes(JSON.stringify(config)),
    };
    expect(await open(files, modelType)).toMatchObject({ bos_token_id: 0, eos_token_id: 2, pad_token_id: 1 });
  });

  test.each([
    [{ legacy: false }, 'a b'],
    [{ add_prefix_space: false }, ' a b'],
  ])('of Llama 2 decodes the first space by its tokenizer_config.json: %j', async (config, text) => {
    const files = {
      'tokenizer.json': bytes(tokenizerJson({ decoder: null }, { vocab: { '▁a': 1, '▁b': 2 } })),
      'tokenizer_config.json': bytes(JSON.stringify({ tokenizer_class: 'LlamaTokenizer', ...config })),
    };
    expect((await open(files, 'llama')).decode([1, 2])).toBe(text);
  });

  test('is searched for a special_tokens_map.json only where no other file names the end of a text', async () => {
    const tokenizer = bytes(tokenizerJson({ added_tokens: [{ id: 0, content: '[PAD]', special: true }] }));
    const openedBeside = async (config: object, modelType: string, more: object = {}): Promise<readonly string[]> => {
      const others = { 'tokenizer_config.json': bytes(JSON.stringify(config)), 'special_tokens_map.json': bytes('{}') };
      const source = Object.assign(new MemorySource({ 'tokenizer.json': tokenizer, ...others }), more);
      await readTokenizerFiles(source, defaultLimits, { modelType });
      return source.opened.slice(2);
    };
    expect(await openedBeside({}, 'llama')).toEqual(['special_tokens_map.json']);
    expect(await openedBeside({ eos_token: '<s>' }, 'llama')).toEqual([]);
    expect(await openedBeside({}, 'bert')).toEqual([]);
    expect(await openedBeside({ added_tokens_decoder: {} }, 'llama')).toEqual([]);
    const isUnknown = async (file: string) => file === 'special_tokens_map.json';
    expect(await openedBeside({}, 'llama', { isUnknown })).toEqual([]);
  });

  test.each<[string, object, Record<string, unknown>, string]>([
    ['another type', {}, { pre_tokenizer: { type: 'Whitespace' } }, 'gpt2'],
    ['several parts', {}, { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel' }] } }, 'gpt2'],
    ['an unknown class', { tokenizer_class: 'CodeGenTokenizer' }, { pre_tokenizer: { type: 'ByteLevel' } }, 'gpt2'],
    ['an unknown model_type', {}, { pre_tokenizer: { type: 'ByteLevel' } }, 'llama'],
  ])('keeps the stages of a tokenizer.json of %s', async (_, config, stages, modelType) => {
    const vocab = { '<unk>': 1, a: 2, Ġa: 3 };
    const files = {
      'tokenizer.json': bytes(tokenizerJson(stages, { vocab })),
      'tokenizer_config.json': bytes(JSON.stringify({ add_prefix_space: true, ...config })),
    };
    expect((await open(files, modelType)).encode('a')).toEqual([2]);
  });

  test('of a class with other rules is refused', async () => {
    await expect(open(gpt2, 'llama')).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining('got one of llama'),
      hint: expect.stringContaining('save_pretrained'),
    });
    const files = { ...gpt2, 'tokenizer_config.json': bytes('{"tokenizer_class":"CodeGenTokenizer"}') };
    await expect(open(files)).rejects.toMatchObject({
      message: expect.stringContaining('got one of CodeGenTokenizer'),
    });
  });

  const bert = vocabularyOf('bert_cased.json');
  const naming = (tokenizer_class: unknown, more: object = {}) => bytes(JSON.stringify({ tokenizer_class, ...more }));

  test.each<[string, string, Files]>([
    ['config.json', 'BertJapaneseTokenizer', { ...bert, 'config.json': naming('BertJapaneseTokenizer') }],
    [
      'tokenizer_config.json',
      'BertJapaneseTokenizer',
      { ...bert, 'tokenizer_config.json': naming('BertJapaneseTokenizer'), 'config.json': naming('BertTokenizer') },
    ],
    [
      'config.json, beside a generic one in tokenizer_config.json',
      'Phobert',
      { ...bert, 'tokenizer_config.json': naming('TokenizersBackend'), 'config.json': naming('PhobertTokenizer') },
    ],
  ])('of an unknown class by %s is refused, although its model_type is known', async (_, name, files) => {
    await expect(open(files, 'bert')).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining(`got one of ${name}`),
    });
  });

  test.each<[string, Files]>([
    ['PreTrainedTokenizerFast', { 'tokenizer_config.json': naming('PreTrainedTokenizerFast') }],
    ['TokenizersBackend', { 'tokenizer_config.json': naming('TokenizersBackend') }],
    ['null', { 'tokenizer_config.json': naming(null), 'config.json': naming(null) }],
    [
      'a known one, which config.json contradicts',
      { 'tokenizer_config.json': naming('BertTokenizer'), 'config.json': naming('PhobertTokenizer') },
    ],
  ])('that names %s as its class is of its model_type', async (_, files) => {
    const [named, plain] = [await open({ ...bert, ...files }, 'bert'), await open(bert, 'bert')];
    expect(named.encodePair('Call me', undefined, { maxLength: 9 })).toEqual(
      plain.encodePair('Call me', undefined, { maxLength: 9 }),
    );
  });

  test('that is read without a model has the model_type and the class of its config.json', async () => {
    const ofModel = bytes('{"model_type":"bert"}');
    expect((await open({ ...bert, 'config.json': ofModel })).pad_token_id).toBe(0);
    const ofClass = naming('BertTokenizer', { model_type: 'gpt2' });
    expect((await open({ ...bert, 'config.json': ofClass })).pad_token_id).toBe(0);
  });

  test.each<[string, Files, string]>([
    ['gpt2', bert, 'Expected tokenizer.json, or vocab.json for GPT2Tokenizer; got vocab.txt'],
    ['roberta', bert, 'Expected tokenizer.json, or vocab.json for RobertaTokenizer; got vocab.txt'],
    ['distilbert', gpt2, 'Expected tokenizer.json, or vocab.txt for BertTokenizer; got vocab.json'],
  ])('of %s with the vocabulary of another class is refused', async (modelType, files, message) => {
    await expect(open(files, modelType)).rejects.toMatchObject({ code: 'unsupported_model', message });
  });

  test.each<[string, Files]>([
    ['a vocabulary that is no JSON', { ...gpt2, 'vocab.json': bytes('[') }],
    ['a vocabulary that is a list', { ...gpt2, 'vocab.json': bytes('[]') }],
    ['ids that are none', { ...gpt2, 'vocab.json': bytes('{"a":-1}') }],
    ['merges of three', { ...gpt2, 'merges.txt': bytes('a b c\n') }],
    [
      'special tokens that are none',
      { ...vocabularyOf('bert_cased.json'), 'special_tokens_map.json': bytes('{"cls_token":3}') },
    ],
    ['an added token without a number', { ...gpt2, 'added_tokens.json': bytes('{"a b":"7"}') }],
    ['special tokens as a text', { ...gpt2, 'special_tokens_map.json': bytes('"a"') }],
  ])('with %s is invalid_format', async (_, files) => {
    await expect(open(files, 'vocab.txt' in files ? 'bert' : 'gpt2')).rejects.toMatchObject({ code: 'invalid_format' });
  });

  test('without its merges is not_found', async () => {
    const { 'vocab.json': vocab } = gpt2;
    await expect(open({ 'vocab.json': vocab as Uint8Array }, 'gpt2')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('with more than the limits is limit_exceeded', async () => {
    const limits = { ...defaultLimits, tokenizer: 100 };
    await expect(readTokenizerFiles(new MemorySource(gpt2), limits, { modelType: 'gpt2' })).rejects.toMatchObject({
      code: 'limit_exceeded',
    });
  });
});

test("a GGUF file's tokenizer is refused unless the whole file has the pinned hash", async () => {
  const content = new Uint8Array([...ggufFile('tokenizer-smollm'), ...new Uint8Array(2 ** 21)]);
  const server = await FaultyServer.start({ 'a.gguf': content });
  try {
    const load = async (pinned: string) => {
      const integrity = { 'a.gguf': pinned };
      const source = openSource('a/b', { remoteHost: server.url, clock: new TestClock(), integrity });
      const host = { emit() {} };
      return new BaseModelLoader(host, defaultLimits).tokenizer(source, { gguf_file: 'a.gguf', integrity });
    };
    const { code } = await errorOf(load('0'.repeat(64)));
    expect(code).toBe('integrity_mismatch');
    const tokenizer = await load(createHash('sha256').update(content).digest('hex'));
    expect(tokenizer.eos_token_id).toBe(2);
  } finally {
    await server.close();
  }
});
