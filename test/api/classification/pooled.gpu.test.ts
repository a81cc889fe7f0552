import { describe, expect, test } from 'vitest';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  get_peft_model,
  PeftModel,
  type Preview,
  Profile,
  Trainer,
} from '../../../src/index';
import { edited } from '../../helpers/bytes/edited';
import { goldenBase } from '../../helpers/golden/golden';
import { folderFiles, goldenFolder } from '../../helpers/golden/golden_sentences';
import { openTestSession } from '../../helpers/session/session';
import { asEncoder, config, folder, fromFolder, headOf, load, long, rows, scoresOf, texts } from './pooled_classifier';

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
