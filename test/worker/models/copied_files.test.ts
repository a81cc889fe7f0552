import { expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { Warning } from '../../../src/core/errors/warning';
import { copiedFiles } from '../../../src/worker/models/loading/copied_files';

type Copied = Parameters<typeof copiedFiles>[0];

const tokenizer = {} as NonNullable<Copied['tokenizer']>;
const ofTask = (generates: boolean, image?: object) => ({ model: { task: { generates }, image } }) as Copied['loaded'];
const writer = { tokenizer, loaded: ofTask(true) };

const ALL = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'vocab.txt',
  'chat_template.jinja',
  'generation_config.json',
  'preprocessor_config.json',
  'processor_config.json',
];

/** Copies from a folder with these files, of which each contains its name. The files in `broken` can't be read. */
async function copy(
  model: Omit<Copied, 'preprocessors'>,
  folder: readonly string[],
  broken: readonly string[] = [],
  signal = new AbortController().signal,
) {
  const warnings: Warning[] = [];
  const readAgain = async (file: string) => {
    if (broken.includes(file)) throw new WebVeraError('offline', `no connection for ${file}`);
    return folder.includes(file) ? new TextEncoder().encode(file) : undefined;
  };
  const warn = (warning: Warning) => void warnings.push(warning);
  const copies = await copiedFiles({ preprocessors: { readAgain }, ...model }, { signal, warn });
  for (const [name, blob] of copies) expect(await blob.text()).toBe(name);
  return { names: [...copies.keys()].sort(), warnings };
}

test.each([
  [
    'a language model',
    writer,
    ALL,
    [
      'chat_template.jinja',
      'generation_config.json',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ],
  ],
  [
    'a classifier of texts',
    { tokenizer, loaded: ofTask(false) },
    ALL,
    ['special_tokens_map.json', 'tokenizer.json', 'tokenizer_config.json'],
  ],
  [
    'a vocabulary with merges',
    { tokenizer, loaded: ofTask(false) },
    ALL.slice(1),
    ['added_tokens.json', 'merges.txt', 'special_tokens_map.json', 'tokenizer_config.json', 'vocab.json'],
  ],
  [
    'a vocabulary of lines',
    { tokenizer, loaded: ofTask(false) },
    ['vocab.txt', 'tokenizer_config.json'],
    ['tokenizer_config.json', 'vocab.txt'],
  ],
  ['a model of images', { tokenizer: undefined, loaded: ofTask(false, {}) }, ALL, ALL.slice(-2)],
  ['a model without a tokenizer', { tokenizer: undefined, loaded: ofTask(true) }, ['config.json'], []],
])('%s gets the files that belong to it, as far as the folder has them', async (_, model, folder, expected) => {
  expect(await copy(model, folder)).toEqual({ names: expected, warnings: [] });
});

test('one warning names all files that cannot be read any more', async () => {
  const { names, warnings } = await copy(writer, ALL, ['tokenizer.json', 'chat_template.jinja']);
  expect(names).toEqual(['generation_config.json', 'special_tokens_map.json', 'tokenizer_config.json']);
  expect(warnings).toHaveLength(1);
  const [{ code, message }] = warnings as [Warning];
  expect(code).toBe('files_not_copied');
  expect(message).toMatch(/tokenizer\.json/);
  expect(message).toMatch(/chat_template\.jinja/);
  expect(message).toMatch(/no connection for/);
});

test('a tokenizer of a GGUF file is named as missing', async () => {
  const { names, warnings } = await copy(writer, ['generation_config.json']);
  expect(names).toEqual(['generation_config.json']);
  expect(warnings).toMatchObject([{ code: 'files_not_copied', message: expect.stringMatching(/tokenizer\.json/) }]);
});

test('a cancelled copy rejects with the reason', async () => {
  const controller = new AbortController();
  controller.abort(new WebVeraError('invalid_argument', 'enough'));
  await expect(copy(writer, ALL, [], controller.signal)).rejects.toThrow('enough');
});
