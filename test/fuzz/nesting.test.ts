import { describe, expect, test } from 'vitest';
import { readAdapterConfig } from '../../src/adapters/adapter_kinds';
import { targetMatcher } from '../../src/adapters/targets/matcher';
import { VeraConfig, type VeraConfigInit } from '../../src/adapters/vera/config/vera_config';
import { ChatWriter } from '../../src/chat/chat_writer';
import { isShallow, jsonOf, MOST_LEVELS, parseJson } from '../../src/core/input/nesting';
import { readKernelChoice } from '../../src/core/kernels/kernel_choice';
import { exampleFields } from '../../src/core/types/example';
import { defaultLimits } from '../../src/core/types/source';
import { errorFromData } from '../../src/core/types/wire';
import { readCheckpoint } from '../../src/formats/checkpoint';
import { GgufFiles } from '../../src/formats/gguf/gguf_files';
import { parseJsonObject } from '../../src/formats/json';
import { readSentenceModules } from '../../src/formats/models/sentence_modules';
import { readWeights } from '../../src/formats/models/weights';
import { readSafetensors, writeSafetensors } from '../../src/formats/tensors/safetensors';
import { readFiles } from '../../src/page/profile/storage/read_files';
import { readState } from '../../src/page/profile/storage/record';
import { readJsonLines } from '../../src/tasks/reading/blob_text';
import { createTokenizer } from '../../src/tokenizer/tokenizer';
import { ggufBegin, ggufText, u32, u64 } from '../helpers/bytes/gguf_bytes';
import { torchFile } from '../helpers/bytes/torch_bytes';
import { chatOf, hello } from '../helpers/chats';
import { MemorySource } from '../helpers/session/memory_source';
import { tokenizerJson } from '../tokenizer/small_tokenizers';
import { corpusOf } from './corpus';
import { headed } from './target';
import { targets } from './targets';

const LEVELS = 10_000;

const nested = (open: string, close: string, inner = '', levels = LEVELS): string =>
  open.repeat(levels) + inner + close.repeat(levels);
const list = nested('[', ']');
const object = nested('{"a":', '}', '1');
const bytes = (text: string) => new TextEncoder().encode(text);

function tokenizer(stage: string, members: string): () => unknown {
  const rules = nested(`{"type":"Sequence","${members}":[`, ']}', '{"type":"ByteLevel"}');
  return () => createTokenizer(tokenizerJson({ [stage]: 'here' }).replace('"here"', rules));
}

function chat(source: string): () => unknown {
  return () => {
    const outcome = new ChatWriter().render({ source, tokens: {} }, chatOf(hello));
    if ('error' in outcome) throw errorFromData(outcome.error);
    return outcome.rendered;
  };
}

/** Returns a function that reads a profile's files, with some files replaced. */
function profile(files: { readonly config?: string; readonly about?: string; readonly examples?: string }) {
  const { config = '{"peft_type":"VERA"}', about, examples = '' } = files;
  const blobs = new Map([
    ['adapter_config.json', new Blob([config])],
    ['adapter_model.safetensors', new Blob(['weights'])],
    ['examples.jsonl', new Blob([examples])],
    ...(about === undefined ? [] : ([['profile.json', new Blob([about])]] as const)),
  ]);
  return () => readFiles(blobs, { base: { base: 'base', labels: null, problem_type: null } });
}

async function lines(text: string): Promise<void> {
  for await (const { value } of readJsonLines(new Blob([text]))) exampleFields('examples[0]', value);
}

async function weights(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for await (const { take } of readWeights(new MemorySource(files))) await take();
}

/** Returns a function that reads a sentence encoder's files, with one file replaced. */
function sentences(file: string, text: string): () => unknown {
  const modules = ['Transformer', 'Pooling', 'Normalize'].map((type) => ({
    type: `sentence_transformers.models.${type}`,
    path: type === 'Transformer' ? '' : type,
  }));
  const files = { 'modules.json': bytes(JSON.stringify(modules)), [file]: bytes(text) };
  return () => readSentenceModules(new MemorySource(files), { json: 2 ** 20 });
}

function gguf(): Promise<unknown> {
  const lists = Array.from({ length: LEVELS }, () => Buffer.concat([u32(9), u64(1)]));
  const file = Buffer.concat([ggufBegin(0, 1), ggufText('general.architecture'), u32(9), ...lists]);
  return new GgufFiles(new MemorySource({ file: new Uint8Array(file) }), 'file', defaultLimits).config();
}

const config = (init: unknown) => () => new VeraConfig(init as VeraConfigInit);
const matcher = (target_modules: string) => () =>
  targetMatcher({ target_modules, modules_to_save: null, layers_to_transform: null, layers_pattern: null });
const state = new Map([['checkpoint', `{"format":3,"args":${object}}`]]);

const readers: readonly (readonly [what: string, code: string, read: () => unknown])[] = [
  ['tokenizer.json: normalizer', 'invalid_format', tokenizer('normalizer', 'normalizers')],
  ['tokenizer.json: pre_tokenizer', 'invalid_format', tokenizer('pre_tokenizer', 'pretokenizers')],
  ['tokenizer.json: post_processor', 'invalid_format', tokenizer('post_processor', 'processors')],
  ['tokenizer.json: decoder', 'invalid_format', tokenizer('decoder', 'decoders')],
  [
    'tokenizer.json: a template',
    'invalid_format',
    () => createTokenizer(tokenizerJson({ post_processor: 'here' }).replace('"here"', `{"single":${list}}`)),
  ],
  [
    'tokenizer.json: what no rule reads',
    'invalid_format',
    () => createTokenizer(tokenizerJson({ truncation: 'here' }).replace('"here"', list)),
  ],
  [
    'tokenizer_config.json',
    'invalid_format',
    () => createTokenizer(tokenizerJson(), `{"additional_special_tokens":${list}}`),
  ],
  [
    'a pattern of a tokenizer',
    'invalid_format',
    () =>
      createTokenizer(
        tokenizerJson({ pre_tokenizer: { type: 'Split', pattern: { Regex: nested('(', ')', 'a', 2000) } } }),
      ),
  ],
  ['a pattern of an adapter', 'invalid_argument', matcher(nested('(', ')', 'a', 8000))],
  ['a longer one', 'limit_exceeded', matcher(nested('(?=', ')', 'a'))],
  ['a chat template: brackets', 'limit_exceeded', chat(`{{ ${nested('(', ')', '1')} }}`)],
  ['a chat template: lists', 'limit_exceeded', chat(`{{ ${list} }}`)],
  ['a chat template: objects', 'limit_exceeded', chat(`{{ ${nested("{'a': ", '}', '1')} }}`)],
  ['a chat template: places in lists', 'limit_exceeded', chat(`{{ ${nested('a[', ']', '0')} }}`)],
  ['a chat template: blocks', 'limit_exceeded', chat(nested('{% if true %}', '{% endif %}'))],
  ['a chat template: loops', 'limit_exceeded', chat(nested('{% for a in [1] %}', '{% endfor %}'))],
  ['a chat template: texts that are set', 'limit_exceeded', chat(nested('{% set a %}', '{% endset %}'))],
  ['a chat template: elif', 'limit_exceeded', chat(`{% if 0 %}${'{% elif 0 %}'.repeat(LEVELS)}{% endif %}`)],
  ['a chat template: else', 'limit_exceeded', chat(`{{ ${'0 if 0 else '.repeat(LEVELS)}1 }}`)],
  ['a chat template: not', 'limit_exceeded', chat(`{{ ${'not '.repeat(LEVELS)}1 }}`)],
  ['a chat template: signs', 'limit_exceeded', chat(`{{ ${'-'.repeat(LEVELS)}a }}`)],
  [
    'a chat template: signs and brackets',
    'limit_exceeded',
    chat(`{{ ${nested(`${'- '.repeat(40)}f(`, ')', '', 60)} }}`),
  ],
  ['a chat template: calls', 'limit_exceeded', chat(`{{ a${'()'.repeat(LEVELS)} }}`)],
  ['a chat template: methods', 'limit_exceeded', chat(`{{ a${'.b()'.repeat(LEVELS)} }}`)],
  ['a chat template: members', 'limit_exceeded', chat(`{{ messages${'.a'.repeat(LEVELS)} }}`)],
  [
    'a chat template: a sum in a macro',
    'limit_exceeded',
    chat(`{% macro f() %}{{ 1${'+ 1'.repeat(LEVELS)} }}{% endmacro %}`),
  ],
  ['config.json and its like', 'invalid_format', () => parseJsonObject(bytes(object), 'config.json')],
  [
    'the file that names the shards',
    'invalid_format',
    () => weights({ 'model.safetensors.index.json': bytes(object) }),
  ],
  ['modules.json', 'invalid_format', sentences('modules.json', list)],
  ...[
    'sentence_bert_config.json',
    'config_sentence_transformers.json',
    'Pooling/config.json',
    'Normalize/config.json',
  ].map((file) => [`${file} of a sentence encoder`, 'invalid_format', sentences(file, object)] as const),
  ['a safetensors header', 'invalid_format', () => readSafetensors(headed(bytes(object), new Uint8Array(0)))],
  [
    'the metadata of a safetensors file',
    'invalid_format',
    () => readSafetensors(headed(bytes(`{"__metadata__":${object}}`), new Uint8Array(0))),
  ],
  ['a checkpoint', 'invalid_format', () => readCheckpoint(writeSafetensors([], state), [])],
  ['a GGUF file: lists of lists', 'invalid_format', gguf],
  [
    'a pickle: tuples',
    'invalid_format',
    () => weights({ 'pytorch_model.bin': torchFile(`\x80\x02}X\x01\x00\x00\x00a)${'\x85'.repeat(LEVELS)}s.`) }),
  ],
  [
    'a pickle: dicts',
    'invalid_format',
    () => weights({ 'pytorch_model.bin': torchFile(`\x80\x02${nested('}X\x01\x00\x00\x00a', 's', 'N')}.`) }),
  ],
  [
    'adapter_config.json',
    'invalid_format',
    () => readAdapterConfig(bytes(`{"peft_type":"VERA","auto_mapping":${object}}`), {}),
  ],
  ['a configuration: auto_mapping', 'invalid_argument', config({ auto_mapping: JSON.parse(object) })],
  ['a configuration: target_modules', 'invalid_argument', config({ target_modules: JSON.parse(list) })],
  [
    'a configuration: peft_type',
    'invalid_format',
    () => VeraConfig.from_json({ peft_type: JSON.parse(list) }, { warn() {} }),
  ],
  ['a configuration that is a list', 'invalid_format', () => VeraConfig.from_json(JSON.parse(list))],
  ['a choice of kernels', 'invalid_argument', () => readKernelChoice(JSON.parse(object))],
  ['a line of JSON', 'invalid_format', () => lines(`{"text":"a","more":${list}}`)],
  [
    'a profile: adapter_config.json',
    'invalid_format',
    profile({ config: `{"peft_type":"VERA","auto_mapping":${object}}` }),
  ],
  ['a profile: profile.json', 'invalid_format', profile({ about: `{"webvera_profile":${list}}` })],
  ['a profile: examples.jsonl', 'invalid_format', profile({ examples: `{"text":"a","more":${object}}` })],
  [
    'a profile in the store',
    'storage_corrupt',
    () => readState('ada', { format: 1, settings: {}, born: JSON.parse(list) }),
  ],
];

describe('ten thousand levels are refused', () => {
  test.each(readers)('%s', async (_, code, read) => {
    const refusal = (async () => read())();
    await expect(refusal).rejects.toMatchObject({ name: 'WebVeraError', code });
  });
});

test.each(targets.map(({ name }) => name))('the corpus of %s begins with as many levels', (name) => {
  expect([...corpusOf(name).keys()]).toContain('levels');
});

test(`${MOST_LEVELS} levels are read`, () => {
  const deepest = nested('[', ']', '', MOST_LEVELS);
  expect(jsonOf(parseJson(deepest))).toBe(deepest);
  expect(() => parseJson(`[${deepest}]`)).toThrow(SyntaxError);
  expect(isShallow([JSON.parse(deepest)])).toBe(false);
  expect(jsonOf(JSON.parse(list))).toBe('a list of more than 64 levels');
  const inner = nested('(', ')', '1', MOST_LEVELS - 1);
  expect(chat(`{{ ${inner} }}{% set a = not 1 %}`)()).toMatchObject({ text: '1' });
  expect(chat(`{{ (${inner}) }}`)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }));
});

test("many parts beside each other don't count as levels", () => {
  const many = (part: string, between: string) => Array(200).fill(part).join(between);
  const templates = [
    `{{ ${many('1', ' + ')} }}`,
    `{% if ${many('not 0', ' and ')} %}1{% endif %}`,
    `{{ [${many('-1 if not 1 else (2)', ', ')}] | length }}`,
    `{{ ${many("'a'.strip()", ' ~ ')} }}`,
    many('{% if 0 %}{% elif 1 %}{% else %}{% endif %}{% set a = 1 %}{% set a %}{% endset %}', ''),
  ];
  for (const template of templates) expect(chat(template)).not.toThrow();
});
