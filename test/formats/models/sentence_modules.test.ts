import { describe, expect, test } from 'vitest';
import { DEFAULT_SENTENCES } from '../../../src/core/pooling/sentences';
import { readSentenceModules } from '../../../src/formats/models/sentence_modules';
import { expectSupported } from '../../../src/tasks/pooling/create_embedder';
import { goldenSentences } from '../../helpers/golden/golden_sentences';
import { MemorySource } from '../../helpers/session/memory_source';

type Contents = Readonly<Record<string, unknown>>;

function read(files: Contents, limits = { json: 10_000 }) {
  const bytes = Object.entries(files).map(([name, json]) => [name, new TextEncoder().encode(JSON.stringify(json))]);
  return readSentenceModules(new MemorySource(Object.fromEntries(bytes)), limits);
}

const entry = (path: string, type: string) => ({
  idx: 0,
  name: '',
  path,
  type: `sentence_transformers.models.${type}`,
});
const modules = [entry('', 'Transformer'), entry('1_Pooling', 'Pooling')];
const RELU = 'torch.nn.modules.activation.ReLU';
const dense = { in_features: 8, out_features: 6, bias: false, activation_function: 'torch.nn.modules.linear.Identity' };

/** Returns the files of a folder with two layers after the pooling, the first with `changes`. */
const withDense = (changes: object = {}): Contents => ({
  'modules.json': [...modules, entry('2', 'Dense'), entry('3', 'Dense')],
  '2/config.json': { ...dense, ...changes },
  '3/config.json': { in_features: 6, out_features: 4 },
});
const folder = { 'modules.json': modules, '1_Pooling/config.json': { pooling_mode: 'cls' } };

describe('readSentenceModules', () => {
  test('gives nothing for a folder without modules.json', async () => {
    expect(await read({ '1_Pooling/config.json': {}, 'sentence_bert_config.json': {} })).toBeUndefined();
  });

  test.each(goldenSentences.rows.filter(({ files }) => 'modules.json' in files))(
    '$situation: all of it is supported',
    async ({ files }) => {
      expect((await read(files))?.unsupported).toBeUndefined();
    },
  );

  test('reads the files of this release and of earlier ones', async () => {
    const { prompt, includesPrompt, pooling } = (await read(
      goldenSentences.rows.find(({ situation }) => situation.includes('prompt'))!.files,
    ))!;
    expect({ prompt, includesPrompt }).toEqual({ prompt: 'Find: ', includesPrompt: false });
    expect(pooling).toEqual({ modes: ['mean', 'first', 'weightedmean'], normalize: false });
    expect(await read({ ...folder, 'sentence_bert_config.json': { max_seq_length: 24, do_lower_case: true } })).toEqual(
      {
        ...DEFAULT_SENTENCES,
        pooling: { modes: ['first'], normalize: false },
        maxLength: 24,
        lowerCase: true,
      },
    );
    const older = { ...folder, '1_Pooling/config.json': { pooling_mode_mean_tokens: false } };
    expect((await read({ ...older, 'sentence_roberta_config.json': { max_seq_length: 7 } }))?.maxLength).toBe(7);
    expect((await read(older))?.pooling.modes).toEqual(['mean']);
  });

  test('reads layers after the pooling', async () => {
    const { pooling } = (await read({ ...folder, ...withDense() }))!;
    expect(pooling.dense).toEqual([
      { path: '2', in_features: 8, out_features: 6, bias: false, activation: 'identity' },
      { path: '3', in_features: 6, out_features: 4, bias: true, activation: 'tanh' },
    ]);
  });

  test.each(['query', 'document'])('a default prompt of the usual name %s is empty', async (default_prompt_name) => {
    const files = { ...folder, 'config_sentence_transformers.json': { default_prompt_name } };
    expect(await read(files)).toMatchObject({ prompt: '' });
  });

  test.each<[string, Contents]>([
    ['normalizes', { 'modules.json': [...modules, entry('2_Normalize', 'Normalize'), entry('3', 'Dropout')] }],
    [
      'normalizes, with a file',
      {
        'modules.json': [...modules, entry('2_Normalize', 'Normalize')],
        '2_Normalize/config.json': { module_input_name: 'sentence_embedding' },
      },
    ],
  ])('%s', async (_, files) => {
    const read_ = await read({ ...folder, ...files });
    expect(read_).toMatchObject({ pooling: { normalize: true }, unsupported: undefined });
  });

  test.each<[string, Contents]>([
    ['a module of the class sentence_transformers.models.LSTM', { 'modules.json': [...modules, entry('2', 'LSTM')] }],
    ['no 2_Dense/config.json', { 'modules.json': [...modules, entry('2_Dense', 'Dense')] }],
    [
      'a Dense after a Normalize',
      { 'modules.json': [...modules, entry('2_Normalize', 'Normalize'), entry('3', 'Dense')], '3/config.json': dense },
    ],
    ['a Dense with the activation_function torch.nn.modules.activation.ReLU', withDense({ activation_function: RELU })],
    ['a Dense with the activation_function mine.Tanh', withDense({ activation_function: 'mine.Tanh' })],
    ['a Dense with use_residual', withDense({ use_residual: true })],
    ['a Dense of token_embeddings', withDense({ module_input_name: 'token_embeddings' })],
    ['a second module of the class none', { 'modules.json': modules.slice(0, 1) }],
    ['a first module of the class none', { 'modules.json': [] }],
    [
      'a first module of the class sentence_transformers.models.CLIPModel',
      { 'modules.json': [entry('', 'CLIPModel')] },
    ],
    ['a first module of the class mine.Transformer', { 'modules.json': [{ ...modules[0], type: 'mine.Transformer' }] }],
    ['a Transformer in a folder of its own, 0_T', { 'modules.json': [entry('0_T', 'Transformer')] }],
    [
      'a Normalize of token_embeddings',
      {
        'modules.json': [...modules, entry('2', 'Normalize')],
        '2/config.json': { module_input_name: 'token_embeddings' },
      },
    ],
    ['the transformer_task fill-mask', { 'sentence_bert_config.json': { transformer_task: 'fill-mask' } }],
    ['the module_output_name logits', { 'sentence_bert_config.json': { module_output_name: 'logits' } }],
    ['the output of another input than texts', { 'sentence_bert_config.json': { modality_config: { image: {} } } }],
    ['processing_kwargs for text', { 'sentence_bert_config.json': { processing_kwargs: { text: {} } } }],
    ['a model of the type SparseEncoder', { 'config_sentence_transformers.json': { model_type: 'SparseEncoder' } }],
    ['a truncate_dim', { 'config_sentence_transformers.json': { truncate_dim: 8 } }],
  ])('names the unsupported part: %s', async (unsupported, files) => {
    expect(await read({ ...folder, ...files })).toMatchObject({ unsupported });
  });

  test.each<[string, string, readonly object[]]>([
    [
      'before the Normalize',
      'a module of the class sentence_transformers.models.LSTM',
      [modules[1]!, entry('2', 'LSTM')],
    ],
    [
      'before the Pooling',
      'a second module of the class sentence_transformers.models.WordWeights',
      [entry('2', 'WordWeights'), modules[1]!],
    ],
  ])('reads the other settings of a folder with an unsupported module %s', async (_, unsupported, between) => {
    const files = {
      'modules.json': [modules[0], ...between, entry('3', 'Normalize')],
      '1_Pooling/config.json': { pooling_mode: 'cls', include_prompt: false },
      'sentence_bert_config.json': { max_seq_length: 24, do_lower_case: true },
      'config_sentence_transformers.json': { prompts: { query: 'Find: ' }, default_prompt_name: 'query' },
    };
    expect(await read(files)).toEqual({
      pooling: { modes: ['first'], normalize: true },
      includesPrompt: false,
      prompt: 'Find: ',
      lowerCase: true,
      maxLength: 24,
      unsupported,
    });
  });

  test('has the defaults for a folder whose first module is another one', async () => {
    const files = { ...folder, 'sentence_bert_config.json': { max_seq_length: 24 } };
    for (const first of [entry('', 'CLIPModel'), entry('0_T', 'Transformer')]) {
      const settings = await read({ ...files, 'modules.json': [first, modules[1]] });
      expect(settings).toEqual({ ...DEFAULT_SENTENCES, unsupported: expect.stringMatching(/CLIPModel|0_T/) });
    }
  });

  test.each<[string, Contents]>([
    ['no list', { 'modules.json': {} }],
    ['a module that is no object', { 'modules.json': [...modules, 1] }],
    ['a module without a type', { 'modules.json': [{ path: '' }] }],
    ['33 modules', { 'modules.json': Array(33).fill(modules[0]) }],
    ['a folder above', { 'modules.json': [modules[0], entry('../1_Pooling', 'Pooling')] }],
    ['a folder below', { 'modules.json': [modules[0], entry('a/b', 'Pooling')] }],
    ['a dot', { 'modules.json': [modules[0], entry('.', 'Pooling')] }],
    ['a long folder', { 'modules.json': [modules[0], entry('a'.repeat(101), 'Pooling')] }],
    ['an unknown mode', { '1_Pooling/config.json': { pooling_mode: 'median' } }],
    ['no mode', { '1_Pooling/config.json': { pooling_mode: [] } }],
    ['seven modes', { '1_Pooling/config.json': { pooling_mode: Array(7).fill('cls') } }],
    ['a mode that is no boolean', { '1_Pooling/config.json': { pooling_mode_cls_token: 1 } }],
    ['include_prompt that is no boolean', { '1_Pooling/config.json': { include_prompt: 'no' } }],
    ['a length of 0', { 'sentence_bert_config.json': { max_seq_length: 0 } }],
    ['a prompt that is not there', { 'config_sentence_transformers.json': { default_prompt_name: 'sea' } }],
  ])('refuses %s', async (_, files) => {
    await expect(read({ ...folder, ...files })).rejects.toMatchObject({ code: 'invalid_format' });
  });

  test.each<[string, Contents]>([
    ['a Dense without a size', withDense({ in_features: undefined })],
    ['a Dense of a size of 0', withDense({ out_features: 0 })],
    ['a Dense whose weight is too large', withDense({ in_features: 2 ** 16, out_features: 2 ** 10 })],
    ['a bias that is no boolean', withDense({ bias: 'no' })],
    ['a Dense of another width than the one before', { ...withDense(), '3/config.json': { ...dense, in_features: 9 } }],
  ])('has the error of %s for callers that need the layers, and the other settings', async (_, files) => {
    const settings = await read({ ...folder, 'sentence_bert_config.json': { max_seq_length: 24 }, ...files });
    expect(settings).toMatchObject({
      pooling: { modes: ['first'], normalize: false },
      maxLength: 24,
      unsupported: { code: 'invalid_format' },
    });
    expect(() => expectSupported(settings!, {})).toThrow(expect.objectContaining({ code: 'invalid_format' }));
    expectSupported(settings!, { pooling: 'first' });
  });

  test('reports a missing pooling, and refuses files above the limit', async () => {
    expect(await read({ 'modules.json': modules })).toMatchObject({ unsupported: 'no 1_Pooling/config.json' });
    await expect(read(folder, { json: 50 })).rejects.toMatchObject({ code: 'limit_exceeded' });
  });
});
