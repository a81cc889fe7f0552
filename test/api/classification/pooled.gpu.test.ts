import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  type Example,
  get_peft_model,
  PeftModel,
  type PreTrainedModel,
  type Preview,
  Profile,
  type TextClassifierOptions,
  Trainer,
  VeraConfig,
} from '../../../src/index';
import { edited } from '../../helpers/bytes/edited';
import { goldenBase } from '../../helpers/golden/golden';
import { folderFiles, type GoldenFolder, goldenFolder } from '../../helpers/golden/golden_sentences';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const folder = asEncoder(goldenFolder('BERT, mean, normalised'));
const id2label = { 0: 'sea', 1: 'land', 2: 'sky' };
const config = new VeraConfig({ r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' });
const words = [
  ['whale', 'ship', 'wave', 'salt'],
  ['hill', 'road', 'field', 'barn'],
  ['cloud', 'star', 'moon', 'wind'],
];
const rows = words.flatMap((own, label): Example[] =>
  own.map((word) => ({ text: `the ${word}`, label: id2label[label as 0] })),
);
const texts = rows.map((row) => (row as { text: string }).text);
const long = texts.slice(0, 6).join(' ');

/** Returns the folder with a config.json that names no classifier, as sentence-transformers writes it. */
function asEncoder({ files, ...given }: GoldenFolder): GoldenFolder {
  const config = JSON.parse(readFileSync(`test/golden/base/${given.base}/config.json`, 'utf8'));
  return { ...given, files: { ...files, 'config.json': { ...config, architectures: ['BertModel'] } } };
}

function load(
  { session }: TestSession,
  options: TextClassifierOptions = {},
  source = folderFiles(folder),
): Promise<PreTrainedModel> {
  return AutoModelForSequenceClassification.from_pretrained(source, { session, id2label, ...options });
}

const fromFolder =
  "Load the base model from the folder and with the pooling that the adapter was trained with: the folder's prompt, lower case and normalisation count.";

const headOf = (model: PreTrainedModel) => model.named_modules().filter(({ name }) => name.startsWith('classifier'));

/** Returns the labels' probabilities for a vector that the head reads. */
async function scoresOf(model: PreTrainedModel, vector: Float32Array): Promise<Readonly<Record<string, number>>> {
  const tensors = await model.state_dict(['classifier.weight', 'classifier.bias']);
  const [weight, bias] = [...tensors.values()].map(({ data }) => data);
  const powers = Object.values(id2label).map((_, label) =>
    Math.exp(vector.reduce((sum, value, c) => sum + value * weight![label * vector.length + c]!, bias![label]!)),
  );
  const all = powers.reduce((sum, power) => sum + power);
  return Object.fromEntries(Object.values(id2label).map((name, label) => [name, powers[label]! / all]));
}

describe('the head of a folder of sentence-transformers', () => {
  test('is one linear layer over the vectors that embed gives', async () => {
    const opened = await openTestSession();
    const model = await load(opened);
    expect(headOf(model)).toEqual([{ name: 'classifier', type: 'Linear', in_features: 32, out_features: 3 }]);
    expect(model.named_modules().some(({ name }) => name.includes('pooler'))).toBe(false);
    const tensors = await model.state_dict(['classifier.weight', 'classifier.bias']);
    const [weight, bias] = [...tensors.values()].map(({ data }) => data);
    const { tokenizer } = model;
    for (const text of ['a', 'the whale']) {
      const [vector] = await model.embed([text]);
      const { logits } = await model.forward({ input_ids: [await tokenizer!.encode(text)] });
      for (const [label, logit] of logits.data.entries()) {
        const expected = vector!.reduce((sum, value, c) => sum + value * weight![label * 32 + c]!, bias![label]!);
        expect(Math.abs(logit - expected)).toBeLessThan(1e-6);
      }
    }
  });

  test.each(['first', 'mean', 'last', 'max'] as const)('pooled as asked: %s', async (pooling) => {
    const opened = await openTestSession();
    const plain = asEncoder(goldenFolder('BERT without modules'));
    const model = await load(opened, { pooling }, folderFiles(plain));
    expect(model.config).toMatchObject({ pooling: { modes: [pooling], normalize: false } });
    const auto = await AutoModel.from_pretrained(folderFiles(plain), { session: opened.session });
    const tensors = await model.state_dict(['classifier.weight', 'classifier.bias']);
    const [weight, bias] = [...tensors.values()].map(({ data }) => data);
    const [vector] = await auto.embed(['the whale'], { pooling });
    const ids = await model.tokenizer!.encode('the whale');
    // Padding on the right changes nothing.
    const { logits } = await model.forward({ input_ids: [[...ids, 0]], attention_mask: [[...ids.map(() => 1), 0]] });
    const expected = vector!.reduce((sum, value, c) => sum + value * weight![c]!, bias![0]!);
    expect(Math.abs(logits.data[0]! - expected)).toBeLessThan(1e-5);
  });

  test('reads texts behind the folder’s prompt and in lower case, and says so', async () => {
    const opened = await openTestSession();
    const source = () =>
      folderFiles(folder, {
        'config_sentence_transformers.json': { prompts: { sea: 'The ' }, default_prompt_name: 'sea' },
        'sentence_bert_config.json': { max_seq_length: 32, do_lower_case: true },
      });
    const model = await load(opened, {}, source());
    const pooling = { modes: ['mean'], normalize: true, prompt: 'The ', do_lower_case: true };
    expect(model.config).toMatchObject({ pooling });
    const plain = await load(opened);
    const heads = await Promise.all([model, plain].map((one) => one.state_dict(['classifier.weight'])));
    expect(heads[0]!.get('classifier.weight')).toEqual(heads[1]!.get('classifier.weight'));
    expect(await model.predict('WHALE')).toEqual(await plain.predict('the whale'));
    expect(await model.predict('WHALE')).not.toEqual(await plain.predict('WHALE'));
    const vera = await get_peft_model(model, config);
    const files = await vera.save_pretrained();
    expect(JSON.parse(await files['adapter_config.json'].text()).auto_mapping).toMatchObject({ pooling });
    await expect(PeftModel.from_pretrained(plain, files)).rejects.toMatchObject({
      code: 'invalid_argument',
      message:
        "Expected an adapter whose head was trained on vectors of the pooling mean, normalised, got one trained on vectors of the pooling mean, normalised, of texts in lower case, behind 'The '",
      hint: fromFolder,
    });
    const auto_mapping = { pooling: { ...pooling, modes: ['mean', 'max'] } };
    const joined = await edited(files, { config: (json) => Object.assign(json, { auto_mapping }) });
    await expect(PeftModel.from_pretrained(model, joined)).rejects.toMatchObject({ hint: fromFolder });
  });

  test.each<[string, object]>([
    ['sentence_bert_config.json', { max_seq_length: 6 }],
    ['tokenizer_config.json', { ...(folder.files['tokenizer_config.json'] as object), model_max_length: 6 }],
  ])('reads a long text up to the length in %s, as embed does', async (name, settings) => {
    const opened = await openTestSession();
    const model = await load(opened, {}, folderFiles(folder, { [name]: settings }));
    const [vector] = await model.embed([long]);
    const scores = await model.predict(long, { max_length: 38 });
    const expected = await scoresOf(model, vector!);
    for (const { label, score } of scores) expect(Math.abs(score - expected[label]!)).toBeLessThan(1e-6);
    const { input_ids, cut } = (await model.preview({ text: long, label: 'sea' })) as Preview;
    expect({ length: input_ids.length, cut }).toEqual({ length: 6, cut: true });
    expect(await (await load(opened)).predict(long)).not.toEqual(scores);
  });

  test("is that of transformers without modules.json, and in transformers' class", async () => {
    const opened = await openTestSession();
    const own = await load(opened, {}, goldenBase('base/bert-relu'));
    expect(own.named_modules()[0]).toEqual({ name: '', type: 'BertForSequenceClassification' });
    const named = { ...(folder.files['config.json'] as object), architectures: ['BertForSequenceClassification'] };
    const changes = { 'config.json': named };
    const model = await load(opened, {}, folderFiles(folder, changes));
    expect(model.named_modules()[0]).toEqual({ name: '', type: 'BertForSequenceClassification' });
  });

  test('refuses a folder with unsupported modules, unless a pooling is given', async () => {
    const opened = await openTestSession();
    const dense = [
      ...(folder.files['modules.json'] as object[]),
      { path: '3', type: 'sentence_transformers.models.Dense' },
    ];
    const source = () => folderFiles(folder, { 'modules.json': dense });
    await expect(load(opened, {}, source())).rejects.toMatchObject({
      code: 'unsupported_model',
      hint: /pooling: 'mean'/,
    });
    expect(headOf(await load(opened, { pooling: 'mean' }, source()))).toHaveLength(1);
  });
});

describe('a pooled classifier', () => {
  const args = { max_steps: 40, per_device_train_batch_size: 12, learning_rate: 0.05, headLearningRate: 0.05 } as const;

  test('learns, and its adapter says how it is pooled', async () => {
    const opened = await openTestSession();
    const model = await get_peft_model(await load(opened), config);
    const before = await model.predict_batch(texts);
    await new Trainer({ model, train_dataset: rows, args }).train();
    const after = await model.predict_batch(texts);
    const right = after.filter(([best], row) => best!.label === (rows[row] as { label: string }).label).length;
    expect(right).toBeGreaterThanOrEqual(11);
    expect(after).not.toEqual(before);

    const files = await model.save_pretrained();
    const json = JSON.parse(await files['adapter_config.json'].text());
    expect(json).toMatchObject({
      modules_to_save: ['classifier', 'score'],
      auto_mapping: {
        base_model_class: 'PooledForSequenceClassification',
        parent_library: 'pooled_classifier',
        pooling: { modes: ['mean'], normalize: true },
      },
    });
    const again = await PeftModel.from_pretrained(await load(opened), files);
    expect(await again.predict_batch(texts)).toEqual(after);

    const other = PeftModel.from_pretrained(await load(opened, { pooling: 'max' }), files);
    await expect(other).rejects.toMatchObject({
      code: 'invalid_argument',
      message:
        'Expected an adapter whose head was trained on vectors of the pooling max, normalised, got one trained on vectors of the pooling mean, normalised',
      hint: "Load the base model with pooling: 'mean', which the adapter was trained with.",
    });
    const plain = load(opened, {}, folderFiles(folder, { 'modules.json': undefined }));
    await expect(PeftModel.from_pretrained(await plain, files)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: fromFolder,
    });
  });

  test("leaves its place to transformers' own head, on which PEFT trains adapters", async () => {
    const opened = await openTestSession();
    const plain = folderFiles(folder, { 'modules.json': undefined });
    const trained = await get_peft_model(await load(opened, {}, plain), config);
    await new Trainer({ model: trained, train_dataset: rows, args: { ...args, max_steps: 2 } }).train();
    const files = await trained.save_pretrained();
    const expected = await trained.predict_batch(texts);
    await expect(PeftModel.from_pretrained(await load(opened), files)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: "Load the base model with pooling: 'none', which the adapter was trained with.",
    });
    const own = await load(opened, { pooling: 'none' });
    expect(own.named_modules()[0]).toEqual({ name: '', type: 'BertForSequenceClassification' });
    expect(await (await PeftModel.from_pretrained(own, files)).predict_batch(texts)).toEqual(expected);
    await Profile.open(await load(opened, { pooling: 'none' }), 'ada');
    await expect(Profile.open(await load(opened), 'ada')).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringContaining("with pooling: 'none' if it began over transformers' own head"),
    });
  });

  test('is exported as a folder that gives the same model', async () => {
    const opened = await openTestSession();
    const model = await load(opened);
    const scores = await model.predict_batch(texts);
    const exported = await model.export_model();
    const again = await AutoModelForSequenceClassification.from_pretrained(
      { files: exported },
      { session: opened.session },
    );
    expect(await again.predict_batch(texts)).toEqual(scores);
  });

  test('says how long a text may be, with its adapter and its export, and opens adapters that do not', async () => {
    const opened = await openTestSession();
    const cutAt = (max_seq_length: number) =>
      load(opened, {}, folderFiles(folder, { 'sentence_bert_config.json': { max_seq_length } }));
    const model = await cutAt(6);
    const scores = await model.predict(long);
    const again = await AutoModelForSequenceClassification.from_pretrained(
      { files: await model.export_model() },
      { session: opened.session },
    );
    expect(again.config).toMatchObject({ pooling: { max_seq_length: 6 } });
    expect(await again.predict(long)).toEqual(scores);

    const vera = await get_peft_model(model, config);
    const train_dataset = [...rows, { text: long, label: 'sea' }];
    await new Trainer({ model: vera, train_dataset, args: { ...args, max_steps: 1 } }).train();
    expect(opened.warnings).toContain('texts_cut');
    const files = await vera.save_pretrained();
    const { auto_mapping, ...fields } = JSON.parse(await files['adapter_config.json'].text());
    expect(auto_mapping.pooling).toEqual({ modes: ['mean'], normalize: true, max_seq_length: 6 });
    const { max_seq_length: _, ...pooling } = auto_mapping.pooling;
    const earlier = JSON.stringify({ ...fields, auto_mapping: { ...auto_mapping, pooling } });
    const opens = await PeftModel.from_pretrained(await cutAt(6), {
      ...files,
      'adapter_config.json': new Blob([earlier]),
    });
    expect(await opens.predict(long)).toEqual(await vera.predict(long));
    expect(opened.warnings).not.toContain('other_length');
    await PeftModel.from_pretrained(await cutAt(7), files);
    expect(opened.warnings).toContain('other_length');
  });

  test('has its last layer solved for', async () => {
    const opened = await openTestSession();
    const model = await get_peft_model(await load(opened), config);
    const { accuracy } = await model.fit_head(rows, { C: 1e4 });
    expect(accuracy).toBe(1);
    const [best] = await model.predict('the whale');
    expect(best?.label).toBe('sea');
  });
});

describe('layers after the pooling', () => {
  const labse = asEncoder(goldenFolder('BERT, a layer after cls, as in LaBSE'));
  const layer = { path: '2_Dense', in_features: 32, out_features: 10, bias: true, activation: 'tanh' };

  // The base's own head is for vectors of another width.
  const labseModel = (opened: TestSession, options: TextClassifierOptions = {}) =>
    load(opened, { ignore_mismatched_sizes: true, ...options }, folderFiles(labse));

  test('the head reads the vectors that embed gives, in any dtype', async () => {
    const opened = await openTestSession();
    const model = await labseModel(opened, { dtype: 'q8' });
    expect(model.config).toMatchObject({ pooling: { modes: ['first'], dense: [layer], normalize: true } });
    expect(headOf(model)).toEqual([{ name: 'classifier', type: 'Linear', in_features: 10, out_features: 3 }]);
    expect(model.named_modules().filter(({ name }) => name.startsWith('after'))).toEqual([
      { name: 'after_pooling', type: 'ModuleList' },
      { name: 'after_pooling.0', type: 'Dense' },
    ]);
    const [vector] = await model.embed(['the whale']);
    const expected = await scoresOf(model, vector!);
    for (const { label, score } of await model.predict('the whale'))
      expect(Math.abs(score - expected[label]!)).toBeLessThan(1e-6);
  });

  test.each<[string, GoldenFolder, Readonly<Record<string, unknown>>]>([
    ['that are missing', { ...labse, weights: {} }, {}],
    ['that are too large', labse, { '2_Dense/config.json': { in_features: 2 ** 16, out_features: 2 ** 16 } }],
  ])('%s count only if the head or embed reads them', async (_, source, changes) => {
    const opened = await openTestSession();
    const loaded = (pooling: 'auto' | 'none' | 'first') =>
      load(opened, { ignore_mismatched_sizes: true, pooling }, folderFiles(source, changes));
    const code = expect.stringMatching(/not_found|invalid_format/);
    for (const pooling of ['first', 'none'] as const) {
      const model = await loaded(pooling);
      expect(await model.predict('the whale')).toHaveLength(3);
      expect((await model.embed(['a'], { pooling: 'mean' }))[0]).toHaveLength(32);
      await expect(model.embed(['a'])).rejects.toMatchObject({ code });
    }
    await expect(loaded('auto')).rejects.toMatchObject({ code });
  });

  test('learns with an adapter before them, which opens again only over such layers, and at once', async () => {
    const opened = await openTestSession();
    const vera = await get_peft_model(await labseModel(opened), config);
    const before = await vera.state_dict(['after_pooling.0.weight']);
    const args = { max_steps: 30, learning_rate: 0.1 };
    const trainer = new Trainer({ model: vera, train_dataset: rows, eval_dataset: rows, args });
    const { eval_loss: untrained } = await trainer.evaluate();
    await trainer.train();
    expect((await trainer.evaluate()).eval_loss).toBeLessThan(untrained! - 0.1);
    expect(await vera.state_dict(['after_pooling.0.weight'])).toEqual(before);
    const files = await vera.save_pretrained();
    expect(JSON.parse(await files['adapter_config.json'].text()).auto_mapping.pooling.dense).toEqual([layer]);
    const again = await PeftModel.from_pretrained(await labseModel(opened), files);
    expect(await again.predict('the ship')).toEqual(await vera.predict('the ship'));
    const plain = await labseModel(opened, { pooling: 'first' });
    await expect(PeftModel.from_pretrained(plain, files)).rejects.toMatchObject({
      code: 'invalid_argument',
      message:
        'Expected an adapter whose head was trained on vectors of the pooling first, normalised, got one trained on vectors of the pooling first, changed by a Dense (32 to 10, tanh), normalised',
      hint: fromFolder,
    });
    expect((await vera.fit_head(rows, { C: 10 })).examples).toBe(rows.length);
  });

  test('refuse an adapter that was trained without them, and name the pooling that gives its vectors', async () => {
    const opened = await openTestSession();
    const files = await (
      await get_peft_model(await labseModel(opened, { pooling: 'first' }), config)
    ).save_pretrained();
    await expect(PeftModel.from_pretrained(await labseModel(opened), files)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: "Load the base model with pooling: 'first', which the adapter was trained with.",
    });
  });

  test('have the biases of a merged classifier in embed, too', async () => {
    const opened = await openTestSession();
    const biased = new VeraConfig({ r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS', bias: 'all' });
    const model = await labseModel(opened);
    const vera = await get_peft_model(model, biased);
    const args = { max_steps: 5, learning_rate: 0.1 };
    await new Trainer({ model: vera, train_dataset: rows, args }).train();
    const [before] = await vera.embed(['the whale']);
    const merged = await vera.merge_and_unload();
    const [after] = await merged.embed(['the whale']);
    for (const [index, value] of after!.entries()) expect(Math.abs(value - before![index]!)).toBeLessThan(1e-5);
    const expected = await scoresOf(merged, after!);
    for (const { label, score } of await merged.predict('the whale'))
      expect(Math.abs(score - expected[label]!)).toBeLessThan(1e-6);
  });

  test('are in an exported folder, which has the same classifier', async () => {
    const opened = await openTestSession();
    const model = await labseModel(opened);
    const files = await model.export_model();
    const again = await load(opened, {}, { files: new Map(files) });
    expect(await again.predict('the whale')).toEqual(await model.predict('the whale'));
    expect(again.named_modules()).toEqual(model.named_modules());
  });

  test.each<[string, object]>([
    ['a layer of another width than the one before', { dense: [layer, layer] }],
    ['an unknown activation', { dense: [{ ...layer, activation: 'relu' }] }],
    ['a size of 0', { dense: [{ ...layer, out_features: 0 }] }],
    ['no list', { dense: layer }],
  ])('a config.json with %s is refused', async (_, change) => {
    const opened = await openTestSession();
    const files = await (await labseModel(opened)).export_model();
    const json = JSON.parse(await files.get('config.json')!.text());
    const own = new Blob([JSON.stringify({ ...json, pooling: { ...json.pooling, ...change } })]);
    const source = { files: new Map([...files, ['config.json', own]]) };
    await expect(load(opened, {}, source)).rejects.toMatchObject({ code: 'unsupported_model' });
  });
});
