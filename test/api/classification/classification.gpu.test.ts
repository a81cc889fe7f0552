import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import {
  AutoModelForSequenceClassification,
  type Example,
  get_peft_model,
  type PreTrainedModel,
  type TrainEvent,
  Trainer,
  type TrainerInit,
  type TrainingArguments,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { goldenBase, goldenCase } from '../../helpers/golden/golden';
import { weightsOf } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { bytesOf, openTestSession, type TestSession, within } from '../../helpers/session/session';

/** Rows whose first token determines their class. */
const rows = Array.from({ length: 12 }, (_, index): Example => {
  const label = index % 3;
  const input_ids = [10 + label, ...Array.from({ length: 3 + (index % 5) }, (_, t) => 20 + ((7 * index + t) % 60))];
  return { input_ids, label: ['red', 'green', 'blue'][label]! };
});
const id2label = { 0: 'red', 1: 'green', 2: 'blue' };
const config = new VeraConfig({ r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' });

function load({ session }: TestSession, base = 'bert'): Promise<PreTrainedModel> {
  return AutoModelForSequenceClassification.from_pretrained(goldenBase(`base/${base}`), { session, id2label });
}

const args = {
  per_device_train_batch_size: 4,
  learning_rate: 0.05,
  headLearningRate: 0.01,
  lr_scheduler_type: 'constant',
  save_steps: 2,
} as const;

function trainer(model: VeraModel, init: Partial<TrainerInit> = {}): Trainer {
  return new Trainer({ model, train_dataset: rows, eval_dataset: rows, ...init, args: { ...args, ...init.args } });
}

const evaluations = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'evaluate' ? [event] : []));

describe('forward', () => {
  test.each([
    'bert_seqcls_mid',
    'bert_multilabel_mid',
    'bert_numbers_mid',
    'roberta_regression_mid',
    'gpt2_seqcls_mid',
  ])('%s: logits and loss', async (name) => {
    const { inputs, expect: figures, base, tolerance } = goldenCase(name);
    const opened = await openTestSession();
    const model = await AutoModelForSequenceClassification.from_pretrained(goldenBase(base), {
      session: opened.session,
    });
    const { labels, ...batch } = inputs.batch;
    const { logits, loss } = await model.forward({ ...batch, labels });
    expect(logits.dims).toEqual([labels.length, name.includes('regression') ? 1 : 3]);
    expect(Math.abs(loss! - figures.base.loss)).toBeLessThanOrEqual(tolerance.loss_abs);
    expect((await model.forward(batch)).loss).toBeUndefined();
    await opened.session.close();
  });
});

describe('training', () => {
  test('learns classes; the head trains whole, at a rate of its own; predicts', async () => {
    await within({}, async (opened) => {
      const model = await get_peft_model(await load(opened), config);
      const before = await trainer(model).evaluate();
      const output = await trainer(model, { args: { num_train_epochs: 12 } }).train();
      const after = await trainer(model).evaluate();
      expect(output.global_step).toBe(36);
      expect(after.eval_loss).toBeLessThan(before.eval_loss! / 2);
      expect(after).toMatchObject({ accuracy: 1, f1: 1, eval_rows: 12 });
      const predicted = await model.predict_batch(rows as { input_ids: number[] }[], { per_device_eval_batch_size: 5 });
      expect(predicted.map(([best]) => best!.label)).toEqual(rows.map((row) => (row as { label: string }).label));
      for (const scores of predicted) expect(scores.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 10);
      const [first] = predicted;
      // A batch with fewer rows uses other kernels, so its scores may differ by rounding.
      const alone = await model.predict(rows[0] as { input_ids: number[] });
      expect(alone.map(({ label }) => label)).toEqual(first!.map(({ label }) => label));
      for (const [index, { score }] of alone.entries()) expect(score).toBeCloseTo(first![index]!.score, 5);
      const head = await (await model.save_pretrained())['adapter_model.safetensors'].text();
      expect(head).toContain('base_model.model.classifier.weight');
    });
  });

  test('learns several labels at once, and predicts those above a half', async () => {
    await within({}, async (opened) => {
      const files = goldenBase('base/bert');
      const { session } = opened;
      const problem_type = 'multi_label_classification';
      const base = await AutoModelForSequenceClassification.from_pretrained(files, { session, id2label, problem_type });
      expect(base.config.problem_type).toBe(problem_type);
      const model = await get_peft_model(base, config);
      // The first token determines the row's labels: one, two, or none.
      const sets = [['red'], ['green', 'blue'], []];
      const several = rows.map((row, index): Example => {
        const { input_ids } = row as { readonly input_ids: readonly number[] };
        return { input_ids, labels: sets[index % 3]! };
      });
      const datasets = { train_dataset: several, eval_dataset: several };
      const before = await trainer(model, datasets).evaluate();
      await trainer(model, { ...datasets, args: { num_train_epochs: 12 } }).train();
      const after = await trainer(model, datasets).evaluate();
      expect(after.eval_loss).toBeLessThan(before.eval_loss! / 2);
      expect(after).toMatchObject({ accuracy: 1, f1: 1, f1_micro: 1, eval_rows: 12 });
      const predicted = await model.predict_batch(several as { input_ids: number[] }[]);
      for (const [index, scores] of predicted.entries()) {
        expect(scores.map(({ score }) => score)).toEqual(scores.map(({ score }) => score).toSorted((a, b) => b - a));
        const told = scores.filter((one) => one.told).map(({ label }) => label);
        expect(new Set(told)).toEqual(new Set(sets[index % 3]));
      }
      const preview = await model.preview(several[1]!);
      expect(preview.label).toEqual([
        { id: 1, name: 'green' },
        { id: 2, name: 'blue' },
      ]);
      await expect(trainer(model, { train_dataset: rows }).train()).resolves.toMatchObject({ global_step: 9 });
    });
  });

  test('learns several numbers, and predicts them in their order', async () => {
    await within({}, async ({ session }) => {
      const base = await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert-numbers'), {
        session,
        id2label: { 0: 'x', 1: 'y', 2: 'z' },
      });
      const model = await get_peft_model(base, config);
      const wanted = [
        [1, -1, 0],
        [-1, 0.5, 2],
        [0, 1, -2],
      ];
      const several = rows.map(
        (row, index): Example => ({ ...(row as object), label: undefined, labels: wanted[index % 3] }) as never,
      );
      const datasets = { train_dataset: several, eval_dataset: several };
      await trainer(model, { ...datasets, args: { num_train_epochs: 12 } }).train();
      const { eval_loss, pearson } = await trainer(model, datasets).evaluate();
      expect(eval_loss).toBeLessThan(0.1);
      expect(pearson).toBeGreaterThan(0.95);
      const predicted = await model.predict_batch(several as { input_ids: number[] }[]);
      for (const [index, scores] of predicted.entries()) {
        expect(scores.map(({ label }) => label)).toEqual(['x', 'y', 'z']);
        for (const [at, { score }] of scores.entries())
          expect(Math.abs(score - wanted[index % 3]![at]!)).toBeLessThan(1);
      }
    });
  });

  test('evaluates itself, keeps the best, stops early', async () => {
    await within({}, async (opened) => {
      const model = await get_peft_model(await load(opened), config);
      const plan = {
        eval_strategy: 'steps',
        eval_steps: 2,
        load_best_model_at_end: true,
        metric_for_best_model: 'accuracy',
        early_stopping_patience: 2,
        num_train_epochs: 40,
      } as const;
      const run = trainer(model, { args: plan }).train();
      const told = evaluations(await toArray(run));
      const { global_step, metrics } = await run;
      expect(told.map(({ state }) => state.global_step)).toEqual(told.map((_, index) => 2 * (index + 1)));
      const accuracies = told.map(({ metrics: { accuracy } }) => accuracy!);
      const best = Math.max(...accuracies);
      expect(best).toBeGreaterThan(accuracies[0]!);
      // Training stops after two evaluations that aren't better than the best one.
      expect(global_step).toBe(2 * (accuracies.indexOf(best) + 1 + 2));
      expect(run.state).toMatchObject({ best_metric: best, best_global_step: global_step - 4 });
      expect(metrics).toMatchObject({ best_metric: best, best_global_step: global_step - 4 });
      expect(run.state.eval_history.map(({ step }) => step)).toEqual(told.map(({ state }) => state.global_step));
      const { eval_loss } = await trainer(model).evaluate();
      expect(eval_loss).toBe(told[accuracies.indexOf(best)]!.metrics.eval_loss);
    });
  });

  test('an unknown metric is refused before training', async () => {
    await within({}, async (opened) => {
      const model = await get_peft_model(await load(opened), config);
      const before = await weightsOf(model);
      const wrong = { eval_strategy: 'epoch', metric_for_best_model: 'perplexity' } as const;
      await expect(trainer(model, { args: wrong }).train()).rejects.toThrow(
        'metric_for_best_model: expected eval_loss or accuracy or f1, got "perplexity"',
      );
      expect(await weightsOf(model)).toEqual(before);
    });
  });

  test.each([
    ['balanced', 'balanced'],
    ['by label', { red: 5 }],
  ] as const)('weights classes: %s', async (_, classWeights) => {
    await within({}, async (opened) => {
      const model = await get_peft_model(await load(opened), config);
      const some = [...rows.slice(0, 6), rows[0]!, rows[3]!];
      const plan = { max_steps: 1, per_device_train_batch_size: 8, learning_rate: 0.001 } as const;
      const first = async (more: object) => {
        const run = trainer(model, { train_dataset: some, args: { ...plan, ...more } }).train();
        await run;
        return run.state.log_history[0]!.loss;
      };
      const plain = await first({ learning_rate: 1e-30, headLearningRate: 1e-30 });
      expect(await first({ classWeights })).not.toBeCloseTo(plain, 3);
    });
  });
});

describe('a run that is resumed', () => {
  oneBrowser();

  const plan = {
    eval_strategy: 'steps',
    eval_steps: 2,
    load_best_model_at_end: true,
    early_stopping_patience: 3,
    max_steps: 10,
  } as const;

  /** Trains in a session of its own, up to a step or to the run's end. */
  async function trained(stopAt?: number, changes: TrainingArguments = {}) {
    return within({ store: 'auto' }, async (opened) => {
      const model = await get_peft_model(await load(opened), config);
      const run = trainer(model, { args: { ...plan, ...changes } }).train({ resume_from_checkpoint: true });
      for await (const event of run) {
        if (event.type === 'log' && event.state.global_step === stopAt) await run.stop({ save: true });
      }
      await run;
      const { best_metric, best_global_step, eval_history } = run.state;
      const files = await model.save_pretrained();
      const weights = await bytesOf(files['adapter_model.safetensors']);
      return { best_metric, best_global_step, eval_history, weights, step: run.state.global_step };
    });
  }

  test.each([2, 3, 4, 7])('from step %i gives the same bytes, evaluations and best', async (step) => {
    const cut = await trained(step);
    expect(cut.step).toBeLessThan(10);
    const resumed = await trained();
    vi.stubGlobal('indexedDB', new IDBFactory());
    const whole = await trained();
    expect(resumed).toEqual(whole);
    expect(whole.eval_history.map((logs) => logs.step)).toEqual([2, 4, 6, 8, 10]);
  });

  test.each([
    [1, 20],
    [1, 2],
    [2, 20],
  ])(
    'after it has stalled (patience %d, a save every %d steps) ends at once, and trains on with other arguments',
    async (patience, save_steps) => {
      const never = { early_stopping_patience: patience, early_stopping_threshold: 1e9, save_steps };
      const end = 2 + 2 * patience; // the first evaluation, after step 2, is the best one
      expect((await trained(undefined, never)).step).toBe(end);
      expect((await trained(undefined, never)).step).toBe(end);
      expect((await trained(undefined, { ...never, weight_decay: 0.1 })).step).toBeGreaterThan(end);
    },
  );

  test('after its end ends at once, with the best values', async () => {
    const whole = await trained();
    expect(await trained()).toEqual(whole);
  });
});

test('what is saved is loaded again, with its head', async () => {
  await within({}, async (opened) => {
    const base = await load(opened);
    const model = await get_peft_model(base, config);
    await trainer(model, { args: { max_steps: 3 } }).train();
    const files = await model.save_pretrained();
    const again = await VeraModel.from_pretrained(base, files);
    const input_ids = [[10, 30, 31, 32]];
    expect((await again.forward({ input_ids })).logits).toEqual((await model.forward({ input_ids })).logits);
    const merged = await again.merge_and_unload();
    const { data } = (await merged.forward({ input_ids })).logits;
    const expected = (await model.forward({ input_ids })).logits.data;
    for (const [index, logit] of data.entries()) expect(logit).toBeCloseTo(expected[index]!, 4);
  });
});
