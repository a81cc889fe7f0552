import { expect, test } from 'vitest';
import { BASE } from '../../../src/adapters/layers/overlay';
import type { Warning } from '../../../src/core/errors/warning';
import type { BatchToken, TextEnd } from '../../../src/core/types/generation';
import type { GenerateRequest } from '../../../src/generate/generator';
import { resolveGenerationConfig } from '../../../src/page/models/remote_generation';
import type { BaseModel } from '../../../src/worker/models/base_model';
import { generateTexts } from '../../../src/worker/models/generate_texts';
import { openTokenizer, proseFolder } from '../../helpers/models/tokenizers';

const tokenizer = openTokenizer(proseFolder);
const END = tokenizer.eos_token_id as number;
const [word = 0] = tokenizer.encode('whale');

/** Makes a model that generates these tokens: one list for each prompt. */
function modelThatWrites(...rows: readonly (readonly number[])[]): BaseModel {
  return {
    tokenizer,
    preprocessors: {},
    loaded: { model: { task: { generates: true }, head: {}, text: { vocabSize: 2048 } } },
    generator: {
      async *generate(): AsyncGenerator<{ row: number; id: number; end: TextEnd | undefined }> {
        for (const [row, ids] of rows.entries()) {
          for (const [index, id] of ids.entries()) {
            yield { row, id, end: index < ids.length - 1 ? undefined : id === END ? 'stop' : 'length' };
          }
        }
      },
    },
  } as unknown as BaseModel;
}

test('the last token of a text says why the text ends', async () => {
  const tokens: BatchToken[] = [];
  await generateTexts(modelThatWrites([word, END], [word]), {
    prompts: ['Call me', 'Call me'],
    config: resolveGenerationConfig({}),
    overlay: BASE,
    onToken: (token) => tokens.push(token),
    signal: new AbortController().signal,
    warn: () => {},
  });
  expect(tokens.map(({ end }) => end)).toEqual([undefined, 'stop', 'length']);
});

async function warningsOf(model: BaseModel, prompts: number, config = {}): Promise<Warning[]> {
  const warnings: Warning[] = [];
  await generateTexts(model, {
    prompts: Array.from({ length: prompts }, () => 'Call me'),
    config: resolveGenerationConfig(config),
    overlay: BASE,
    onToken: () => {},
    signal: new AbortController().signal,
    warn: (warning) => warnings.push(warning),
  });
  return warnings;
}

test('a folder’s stop tokens end texts unless the caller names others', async () => {
  const asked: unknown[] = [];
  const model = {
    ...modelThatWrites([word]),
    preprocessors: { stopTokens: [7, 9] },
    generator: {
      async *generate({ config }: GenerateRequest) {
        asked.push(config.eos_token_id);
        yield { row: 0, id: word, end: 'length' };
      },
    },
  } as unknown as BaseModel;
  for (const config of [{}, { eos_token_id: 3 }, { eos_token_id: null }]) await warningsOf(model, 1, config);
  await warningsOf({ ...model, preprocessors: {} } as BaseModel, 1);
  expect(asked).toEqual([[7, 9], [3], null, undefined]);
});

test('a text that ends at its first token gives a warning with a hint', async () => {
  expect(await warningsOf(modelThatWrites([END]), 1)).toEqual([
    {
      code: 'empty_generation',
      message:
        'The text is empty: the model ended it at its first token. Try another prompt, do_sample: true with a seed, or eos_token_id: null, which never ends a text early',
    },
  ]);
  const [warning] = await warningsOf(modelThatWrites([END], [word, END], [END]), 3, { do_sample: true });
  expect(warning?.message).toMatch(/^2 of 3 texts are empty: .* another seed/);
});

test('other texts give none', async () => {
  expect(await warningsOf(modelThatWrites([word, END]), 1)).toEqual([]);
  expect(await warningsOf(modelThatWrites([word]), 1)).toEqual([]);
  expect(await warningsOf(modelThatWrites([END]), 1, { max_new_tokens: 1 })).toEqual([]);
});
