import { describe, expect, test } from 'vitest';
import { AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification } from '../../../src/index';
import { goldenBase, goldenCase } from '../../helpers/golden/golden';
import {
  folderFiles,
  folderInputs,
  type GoldenFolder,
  goldenFolder,
  goldenSentences,
} from '../../helpers/golden/golden_sentences';
import { openTestSession, type TestSession } from '../../helpers/session/session';

/** The golden values are rounded to seven digits: an error of at most 5e-6, because they are below 100. */
const TOLERANCE = 1e-5;

function expectVectors(actual: readonly Float32Array[], expected: GoldenFolder['vectors']): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [row, vector] of expected.entries()) {
    const differences = vector.map((number, index) => Math.abs(number - actual[row]![index]!));
    expect(Math.max(...differences), `vector ${row}`).toBeLessThan(TOLERANCE);
  }
}

async function load(opened: TestSession, folder: GoldenFolder, changes: Readonly<Record<string, unknown>> = {}) {
  return AutoModel.from_pretrained(folderFiles(folder, changes), { session: opened.session });
}

test.each(goldenSentences.rows)('$situation: the vectors of sentence-transformers', async (folder) => {
  const opened = await openTestSession();
  const model = await load(opened, folder);
  expectVectors(await model.embed(folderInputs(folder)), folder.vectors);
  if (folder.tokens === undefined) return;
  const { input_ids, attention_mask } = folder.tokens;
  const rows = input_ids.map((ids, row) => ({ input_ids: ids, attention_mask: attention_mask[row]! }));
  expectVectors(await model.embed(rows), folder.vectors.slice(0, rows.length));
});

describe('embed', () => {
  const folder = goldenFolder('BERT, mean, normalised');

  test('warns of texts that are cut, and reports its progress', async () => {
    const opened = await openTestSession();
    const messages: string[] = [];
    opened.session.addEventListener('warning', ({ message }) => messages.push(message));
    const model = await load(opened, folder);
    const progress: unknown[] = [];
    const inputs = ['a', 'b'.repeat(37), 'c'.repeat(36), 'd'];
    await model.embed(inputs, { batch_size: 3, progress_callback: (each) => progress.push(each) });
    expect(progress).toEqual([
      { done: 3, total: 4 },
      { done: 4, total: 4 },
    ]);
    expect(messages.filter((message) => message.includes('longer'))).toEqual([
      '1 of 4 texts are longer than 38 tokens, and their ends are left out',
    ]);
  });

  test('is the same for a model with a head', async () => {
    const opened = await openTestSession();
    const options = { session: opened.session, num_labels: 3 };
    const model = await AutoModelForSequenceClassification.from_pretrained(folderFiles(folder), options);
    expectVectors(await model.embed(['a', 'Whale']), folder.vectors.slice(2, 4));
    const decoder = goldenFolder('Qwen2, last token, padded on the right');
    const language = await AutoModelForCausalLM.from_pretrained(folderFiles(decoder), { session: opened.session });
    expectVectors(await language.embed(['a', 'Whale']), decoder.vectors.slice(2, 4));
  });

  test('of a language model asks for modules.json when it is first called', async () => {
    const decoder = goldenFolder('Qwen2, last token, padded on the right');
    const { files } = folderFiles(decoder);
    const asked: string[] = [];
    const fetch = async (input: unknown): Promise<Response> => {
      const [, name = ''] = String(input).split('https://models.example/mine/');
      asked.push(name);
      return new Response(files.get(name) ?? null, { status: files.has(name) ? 200 : 404 });
    };
    const { session } = await openTestSession({ fetch });
    const model = await AutoModelForCausalLM.from_pretrained('https://models.example/mine/', { session });
    expect(asked).not.toContain('modules.json');
    for (let call = 0; call < 2; call++) expectVectors(await model.embed(['a', 'Whale']), decoder.vectors.slice(2, 4));
    expect(asked.filter((name) => name === 'modules.json')).toHaveLength(1);
    asked.length = 0;
    // A session can ask for the hub's token only during the load, so this load reads all files at once.
    const token = async (): Promise<string> => 'hf_token';
    await AutoModelForCausalLM.from_pretrained('https://models.example/mine/', { session, token });
    expect(asked).toEqual(expect.arrayContaining(['modules.json', 'chat_template.jinja']));
  });

  test('takes another pooling, and gives vectors that are not normalised', async () => {
    const opened = await openTestSession();
    const several = goldenFolder('BERT, several modes, earlier files');
    const model = await load(opened, several);
    const parts = await Promise.all(
      (['max', 'mean', 'mean_sqrt_len_tokens', 'last'] as const).map((pooling) => model.embed(['a'], { pooling })),
    );
    const joined = Float32Array.from(parts.flatMap(([vector]) => [...vector!]));
    expectVectors([joined], [several.vectors[2]!]);
    const [unit] = await model.embed(['a'], { normalize: true });
    expect(Math.hypot(...unit!)).toBeCloseTo(1, 6);
  });

  test('refuses unsupported modules, unless a pooling is given, and keeps the other settings', async () => {
    const opened = await openTestSession();
    const [transformer, pooling, normalize] = folder.files['modules.json'] as object[];
    const strange = { idx: 3, name: '3', path: '3_LSTM', type: 'sentence_transformers.models.LSTM' };
    const changes = { 'modules.json': [transformer, pooling, strange, normalize] };
    const model = await load(opened, folder, changes);
    await expect(model.embed(['a'])).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining('a module of the class sentence_transformers.models.LSTM'),
      hint: expect.stringContaining("{ pooling: 'mean' }"),
    });
    expectVectors(await model.embed(folderInputs(folder), { pooling: 'mean' }), folder.vectors);
    const [own] = await model.embed(['a'], { pooling: 'mean', normalize: false });
    expect(Math.hypot(...own!)).not.toBeCloseTo(1, 3);
    const first = await load(opened, folder, { ...changes, '1_Pooling/config.json': { pooling_mode: 'cls' } });
    await expect(first.embed(['a'])).rejects.toMatchObject({ hint: expect.stringContaining("{ pooling: 'first' }") });
  });

  test('leaves the layers after the pooling out if a pooling is given, for other heads, too', async () => {
    const opened = await openTestSession();
    const labse = goldenFolder('BERT, a layer after cls, as in LaBSE');
    const model = await load(opened, labse);
    expectVectors(await model.embed(folderInputs(labse)), labse.vectors);
    expectVectors(await model.embed(['a']), [labse.vectors[2]!]);
    const [hidden] = await model.embed(['a'], { pooling: 'first' });
    expect(hidden).toHaveLength(32);
    const head = { session: opened.session, num_labels: 3, pooling: 'none' as const };
    const classifier = await AutoModelForSequenceClassification.from_pretrained(folderFiles(labse), head);
    expectVectors(await classifier.embed(['a']), [labse.vectors[2]!]);
    await classifier.dispose();
    await model.dispose();
    expect(opened.liveBytes()).toBe(0);
  });

  test('reads a layer again after an error that may pass', async () => {
    const { weights, ...labse } = goldenFolder('BERT, a layer after cls, as in LaBSE');
    const { files } = folderFiles({ ...labse, weights: weights! });
    let refused = '2_Dense/config.json';
    const fetch = async (input: unknown): Promise<Response> => {
      const [, name = ''] = String(input).split('https://models.example/mine/');
      if (name === refused) throw new TypeError('Failed to fetch');
      return new Response(files.get(name) ?? null, { status: files.has(name) ? 200 : 404 });
    };
    const { session } = await openTestSession({ fetch });
    const model = await AutoModel.from_pretrained('https://models.example/mine/', { session });
    refused = '';
    expectVectors(await model.embed(['a']), [labse.vectors[2]!]);
  });

  test('names a layer whose weights are missing or have other shapes', async () => {
    const opened = await openTestSession();
    const labse = goldenFolder('BERT, a layer after cls, as in LaBSE');
    const config = labse.files['2_Dense/config.json'] as object;
    const wider = { '2_Dense/config.json': { ...config, out_features: 11 } };
    const other = await load(opened, labse, wider);
    await expect(other.embed(['a'])).rejects.toMatchObject({
      code: 'invalid_format',
      message: '2_Dense: linear.weight: expected (11, 32) by config.json, got (10, 32)',
    });
    const [hidden] = await other.embed(['a'], { pooling: 'first' });
    expect(hidden).toHaveLength(32);
    const without = await load(opened, { ...labse, weights: {} });
    await expect(without.embed(['a'])).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('/2_Dense/'),
    });
    const { '1_Pooling/config.json': pooling } = labse.files;
    const both = { '1_Pooling/config.json': { ...(pooling as object), pooling_mode: ['cls', 'mean'] } };
    const model = await load(opened, labse, both);
    await expect(model.embed(['a'])).rejects.toMatchObject({
      code: 'invalid_format',
      message: "2_Dense/config.json: in_features: expected 64, the pooled vector's width, got 32",
    });
  });

  test('refuses invalid inputs, and rows with only padding', async () => {
    const opened = await openTestSession();
    const model = await load(opened, folder);
    const code = 'invalid_argument';
    await expect(model.embed([])).rejects.toMatchObject({ code });
    await expect(model.embed('a' as never)).rejects.toMatchObject({ code, hint: /goes into an array/ });
    await expect(model.embed(['a', { input_ids: [2, 3], attention_mask: [0, 0] }])).rejects.toMatchObject({
      code,
      message: 'embed: inputs[1]: expected at least one token whose attention_mask is 1',
    });
    await expect(model.embed([[2, 96]])).rejects.toMatchObject({ code });
    expectVectors(await model.embed([[2, 4, 3]]), [folder.vectors[2]!]);
  });

  test('stops when it is cancelled', async () => {
    const opened = await openTestSession();
    const model = await load(opened, folder);
    const abort = new AbortController();
    const cancelled = model.embed(Array(64).fill('a text'), {
      batch_size: 1,
      signal: abort.signal,
      progress_callback: () => abort.abort(),
    });
    await expect(cancelled).rejects.toThrow(/abort/i);
    expect(await model.embed(['a'])).toHaveLength(1);
  });
});

describe('a model without a head', () => {
  test.each(Object.entries(goldenSentences.networks))(
    '%s: its modules are those of transformers',
    async (base, network) => {
      const opened = await openTestSession();
      const model = await AutoModel.from_pretrained(goldenBase(`base/${base}`), { session: opened.session });
      const [root, ...modules] = model.named_modules();
      expect(root).toEqual({ name: '', type: network.class });
      expect(modules.map(({ name }) => name)).toEqual(network.modules);
    },
  );

  test('embeds images by the first token', async () => {
    const opened = await openTestSession();
    const { image } = goldenSentences;
    const { base, inputs } = goldenCase(image.case);
    const model = await AutoModel.from_pretrained(goldenBase(base), { session: opened.session });
    const { dims, data } = inputs.batch.pixel_values!;
    const size = data.length / dims[0]!;
    const images = image.vectors.map((_, row) => ({
      pixel_values: { dims: dims.slice(1), data: data.slice(row * size, (row + 1) * size) },
    }));
    expectVectors(await model.embed(images), image.vectors);
  });

  test('gives its files under the names of a model without a head', async () => {
    const opened = await openTestSession();
    const folder = goldenFolder('BERT without modules');
    const model = await load(opened, folder);
    const files = await model.export_model();
    const config = JSON.parse(await files.get('config.json')!.text());
    expect(config.architectures).toEqual(['BertModel']);
    const tokenizer = new Map(
      Object.entries(folder.files).map(([name, json]) => [name, new Blob([JSON.stringify(json)])]),
    );
    const again = await AutoModel.from_pretrained(
      { files: new Map([...files, ...tokenizer]) },
      { session: opened.session },
    );
    expectVectors(await again.embed(folderInputs(folder)), folder.vectors);
    expect([...(await again.state_dict()).keys()]).toContain('encoder.layer.0.attention.self.query.weight');
  });

  test('learns nothing, and gives no logits', async () => {
    const opened = await openTestSession();
    const model = await load(opened, goldenFolder('BERT, mean, normalised'));
    const code = 'invalid_argument';
    await expect(model.forward({ input_ids: [[2, 3]] })).rejects.toMatchObject({ code, message: /BertModel/ });
    await expect(model.predict('a')).rejects.toMatchObject({ code });
    await expect(model.preview('a')).rejects.toMatchObject({ code, message: /a head to learn, got BertModel/ });
  });
});
