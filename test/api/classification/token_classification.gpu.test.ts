import { expect, test } from 'vitest';
import {
  AutoModelForTokenClassification,
  type Example,
  estimate,
  export_run,
  get_peft_model,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { type TestSession, within } from '../../helpers/session/session';

/** Rows in which a token's id determines its label. Every fourth token has no label. */
const rows = Array.from({ length: 12 }, (_, row): Example => {
  const input_ids = Array.from({ length: 4 + (row % 5) }, (_, t) => 10 + ((5 * row + 3 * t) % 30));
  return { input_ids, labels: input_ids.map((id, t) => (t % 4 === 3 ? -100 : id % 3)) };
});
const id2label = { 0: 'O', 1: 'B-PER', 2: 'I-PER' };
const config = new VeraConfig({ r: 8, target_modules: ['query', 'value'], task_type: 'TOKEN_CLS' });

function load({ session }: TestSession, base = 'bert-tokcls'): Promise<PreTrainedModel> {
  return AutoModelForTokenClassification.from_pretrained(goldenBase(`base/${base}`), { session, id2label });
}

const args = { per_device_train_batch_size: 4, learning_rate: 0.05, lr_scheduler_type: 'constant' } as const;

test('learns a label for each token; the head trains whole; the adapter opens again', async () => {
  await within({}, async (opened) => {
    const model = await get_peft_model(await load(opened), config);
    const trainer = (epochs: number) =>
      new Trainer({ model, train_dataset: rows, eval_dataset: rows, args: { ...args, num_train_epochs: epochs } });
    const before = await trainer(1).evaluate();
    await trainer(20).train();
    const after = await trainer(1).evaluate();
    expect(after.eval_loss).toBeLessThan(before.eval_loss! / 4);
    expect(after.accuracy).toBeGreaterThan(0.95);
    expect(after.f1).toBeGreaterThan(0.95);
    const files = await model.save_pretrained();
    const again = await VeraModel.from_pretrained(await load(opened), files);
    const batch = { input_ids: [[10, 11, 12]] };
    expect((await again.forward(batch)).logits).toEqual((await model.forward(batch)).logits);
  });
});

test('measures itself as it trains, and keeps the best', async () => {
  await within({}, async (opened) => {
    const model = await get_peft_model(await load(opened), config);
    const own = { eval_strategy: 'epoch', load_best_model_at_end: true, metric_for_best_model: 'f1' } as const;
    const run = new Trainer({ model, train_dataset: rows, eval_dataset: rows, args: { ...args, ...own } }).train();
    const seen: number[] = [];
    for await (const event of run) if (event.type === 'evaluate') seen.push(event.metrics.f1!);
    expect(seen).toHaveLength(3);
  });
});

test('a preview shows the labels of tokens', async () => {
  await within({}, async (opened) => {
    const model = await load(opened);
    expect(await model.preview({ input_ids: [10, 11], labels: ['O', 'I-PER'] })).toEqual({
      input_ids: [10, 11],
      attention_mask: [1, 1],
      token_type_ids: [0, 0],
      labels: [0, 2],
      label: null,
      cut: false,
    });
  });
});

test('a checkpoint without the head gets a new one', async () => {
  await within({}, async (opened) => {
    const model = await load(opened, 'llama');
    expect(opened.warnings).toContain('new_head');
    const { logits } = await model.forward({ input_ids: [[10, 11, 12]] });
    expect(logits.dims).toEqual([1, 3, 3]);
  });
});

test('an estimate counts the head of tokens', async () => {
  await within({}, async ({ session }) => {
    const { verdict } = await estimate(goldenBase('base/bert-tokcls'), {
      session,
      peft_config: { r: 8, target_modules: ['query'], task_type: 'TOKEN_CLS' },
    });
    expect(verdict).not.toBe('does-not-fit');
  });
});

test('refuses what the task lacks', async () => {
  await within({}, async (opened) => {
    const base = await load(opened);
    await expect(base.predict('a text')).rejects.toMatchObject({
      message: 'predict: expected a classifier, got BertForTokenClassification',
      hint: "forward({ input_ids }) gives each token's logits.",
    });
    await expect(base.generate([10])).rejects.toMatchObject({
      message: 'generate: expected a causal language model, got BertForTokenClassification',
      hint: expect.stringContaining('those of tokens logits with forward()'),
    });
    const model = await get_peft_model(base, config);
    const trainer = new Trainer({ model, train_dataset: rows, args });
    await expect(export_run({ model, trainer })).rejects.toMatchObject({
      message: 'export_run: expected a language model, or a classifier of whole texts or images',
    });
    const vit = AutoModelForTokenClassification.from_pretrained(goldenBase('base/vit'), { session: opened.session });
    await expect(vit).rejects.toMatchObject({
      code: 'unsupported_model',
      message: 'AutoModelForTokenClassification: expected a model for that, got model_type vit',
    });
  });
});
