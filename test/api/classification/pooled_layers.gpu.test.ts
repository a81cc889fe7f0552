import { describe, expect, test } from 'vitest';
import { get_peft_model, PeftModel, type TextClassifierOptions, Trainer, VeraConfig } from '../../../src/index';
import { folderFiles, type GoldenFolder, goldenFolder } from '../../helpers/golden/golden_sentences';
import { openTestSession, type TestSession } from '../../helpers/session/session';
import { asEncoder, config, fromFolder, headOf, load, rows, scoresOf } from './pooled_classifier';

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
