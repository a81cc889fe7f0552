import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  type Example,
  get_peft_model,
  Trainer,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { solveHead } from '../../../src/regression/solve_head';
import { goldenBase } from '../../helpers/golden/golden';
import { weightsOf } from '../../helpers/models/tiny_training';
import { bytesOf, type TestSession, vectorsOf, within } from '../../helpers/session/session';

interface TokenRow {
  readonly input_ids: readonly number[];
  readonly label: string;
}

const id2label = { 0: 'red', 1: 'green', 2: 'blue' };
const names = Object.values(id2label);
/** Rows whose first token determines their class. */
const rows = Array.from({ length: 21 }, (_, index): TokenRow => {
  const input_ids = [
    10 + (index % 3),
    ...Array.from({ length: 3 + (index % 5) }, (_, t) => 20 + ((7 * index + t) % 60)),
  ];
  return { input_ids, label: names[index % 3]! };
});
const config = new VeraConfig({ r: 8, target_modules: 'all-linear', task_type: 'SEQ_CLS' });
const datasets = { train_dataset: rows, eval_dataset: rows };

async function load({ session }: TestSession, base = 'bert', fields: object = {}): Promise<VeraModel> {
  const files = goldenBase(`base/${base}`);
  return get_peft_model(
    await AutoModelForSequenceClassification.from_pretrained(files, { session, id2label, ...fields }),
    config,
  );
}

/** Returns the adapter's files with these weights in the last layer, whose tensor names begin with `layer`. */
async function withLayer(files: AdapterFiles, layer: string, weight: Float32Array<ArrayBuffer>): Promise<AdapterFiles> {
  const { tensors, metadata } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
  const changed = new Map(tensors);
  const set = (name: string, numbers: Float32Array<ArrayBuffer>): void => {
    const tensor = tensors.get(name);
    if (tensor !== undefined) changed.set(name, { ...tensor, bytes: new Uint8Array(numbers.buffer) } as typeof tensor);
  };
  set(`${layer}.weight`, weight);
  set(`${layer}.bias`, new Float32Array(3));
  return { ...files, 'adapter_model.safetensors': new Blob([writeSafetensors(changed, metadata)]) };
}

/**
 * Returns the features that the last layer reads. Loads several adapters, whose last layers each copy three of the features to the logits.
 */
async function featuresOf(model: VeraModel, layer: string): Promise<Float32Array> {
  const files = await model.save_pretrained();
  const D = (await vectorsOf(files)).get(`${layer}.weight`)!.length / 3;
  const features = new Float32Array(rows.length * D);
  for (let start = 0; start < D; start += 3) {
    const weight = new Float32Array(3 * D);
    for (let k = 0; k < 3 && start + k < D; k++) weight[k * D + start + k] = 1;
    await model.load_adapter(await withLayer(files, layer, weight), `probe${start}`);
    await model.set_adapter(`probe${start}`);
    for (const [row, { input_ids }] of rows.entries()) {
      const { logits } = await model.forward({ input_ids: [input_ids] });
      for (let k = 0; k < 3 && start + k < D; k++) features[row * D + start + k] = logits.data[k]!;
    }
    await model.set_adapter('default');
    await model.delete_adapter(`probe${start}`);
  }
  return features;
}

describe('fit_head', () => {
  test.each([
    ['bert', 'base_model.model.classifier'],
    ['roberta', 'base_model.model.classifier.out_proj'],
    ['gpt2', 'base_model.model.score'],
  ])('equals the regression on the features: %s', async (base, layer) => {
    await within({}, async (opened) => {
      const model = await load(opened, base);
      const features = await featuresOf(model, layer);
      const D = features.length / rows.length;
      const fit = await model.fit_head(rows, { C: 10 });
      expect(fit).toMatchObject({ C: 10, examples: 21, computed: 21, cross_validated: null });
      const vectors = await vectorsOf(await model.save_pretrained());
      const expected = await solveHead({
        problem: 'single_label_classification',
        features,
        D,
        targets: Float64Array.from(rows, ({ label }) => names.indexOf(label)),
        weights: new Float64Array(rows.length).fill(1),
        outputs: 3,
        hasBias: base !== 'gpt2',
        C: 10,
      });
      const largest = Math.max(...expected.weight.map(Math.abs));
      const weight = vectors.get(`${layer}.weight`)!;
      // Features from batches of another size differ by rounding, by about 1e-6 of their values.
      for (const [i, entry] of expected.weight.entries())
        expect(Math.abs(weight[i]! - entry)).toBeLessThan(1e-3 * largest);
      expect(fit.loss).toBeCloseTo(expected.loss, 4);
      const { eval_loss, accuracy } = await new Trainer({ model, ...datasets }).evaluate();
      expect(eval_loss).toBeCloseTo(fit.loss, 4);
      expect(accuracy).toBeCloseTo(fit.accuracy!, 6);
      const [scores] = await model.predict_batch([{ input_ids: rows[0]!.input_ids }]);
      expect(scores!.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);
    });
  });

  test('chooses the strength, and runs only new examples through the model', async () => {
    await within({}, async (opened) => {
      const model = await load(opened);
      const first = await model.fit_head(rows.slice(0, 18));
      expect(first).toMatchObject({ examples: 18, computed: 18, cross_validated: { folds: 5 } });
      const before = await weightsOf(model);
      expect(await model.fit_head(rows.slice(0, 18))).toMatchObject({ computed: 0, loss: first.loss });
      expect(await weightsOf(model)).toEqual(before);
      expect(await model.fit_head(rows)).toMatchObject({ examples: 21, computed: 3 });
      await model.add_adapter('other', config);
      expect(await model.fit_head(rows, { adapter_name: 'other' })).toMatchObject({ computed: 0 });
      await new Trainer({ model, train_dataset: rows, args: { max_steps: 2, lr_scheduler_type: 'constant' } }).train();
      expect(await model.fit_head(rows)).toMatchObject({ computed: 21 });
    });
  });

  test('solves for several labels, and for numbers', async () => {
    await within({}, async (opened) => {
      const several = rows.map(({ input_ids, label }): Example => ({ input_ids, labels: [label] }));
      const labels = await load(opened, 'bert', { problem_type: 'multi_label_classification' });
      expect((await labels.fit_head(several)).accuracy).toBeGreaterThan(0.5);
      const numbers = await load(opened, 'bert-numbers');
      const wanted = rows.map(({ input_ids, label }): Example => ({ input_ids, labels: [names.indexOf(label), 1, 2] }));
      const before = await new Trainer({ model: numbers, train_dataset: wanted, eval_dataset: wanted }).evaluate();
      const fit = await numbers.fit_head(wanted);
      expect(fit.accuracy).toBeNull();
      expect(fit.loss).toBeLessThan(before.eval_loss!);
    });
  });

  test('tells how to solve for numbers that are too large for an adapter, and leaves it as it was', async () => {
    await within({}, async (opened) => {
      const model = await load(opened, 'bert-numbers');
      const before = await weightsOf(model);
      const prices = rows.map(({ input_ids }, index): Example => ({ input_ids, labels: [250_000 + index, 1, 2] }));
      await expect(model.fit_head(prices)).rejects.toMatchObject({
        code: 'numerical_error',
        message: expect.stringMatching(/^fit_head: expected weights up to 10000, got 250\d{3}/),
        hint: expect.stringMatching(/^Divide numbers to predict by a constant/),
      });
      expect(await weightsOf(model)).toEqual(before);
    });
  });

  test('solves for images', async () => {
    await within({}, async ({ session }) => {
      const base = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), { session });
      const model = await get_peft_model(
        base,
        new VeraConfig({ r: 8, target_modules: ['q_proj'], modules_to_save: ['classifier'] }),
      );
      const images = Array.from({ length: 8 }, (_, index): Example => {
        const data = Float32Array.from({ length: 3 * 16 * 16 }, (_, at) => Math.sin(at * (1 + (index % 2)) + index));
        return { pixel_values: { dims: [3, 16, 16], data }, label: index % 2 };
      });
      const before = await new Trainer({ model, train_dataset: images, eval_dataset: images }).evaluate();
      const fit = await model.fit_head(images, { eval_dataset: images.slice(0, 2) });
      expect(fit).toMatchObject({ examples: 8, computed: 8, held_out: { examples: 2 } });
      expect(fit.before.loss).toBeCloseTo(before.eval_loss!, 4);
      expect(fit.loss).toBeLessThan(fit.before.loss);
      const after = await new Trainer({ model, train_dataset: images, eval_dataset: images.slice(0, 2) }).evaluate();
      expect(fit.held_out!.after.loss).toBeCloseTo(after.eval_loss!, 4);
      const alone = await model.fit_head(images, { augment: false });
      expect(alone).toMatchObject({ examples: 8, computed: 0 });
      expect(alone.loss).not.toBe(fit.loss);
      expect((await model.fit_head(images, { augment: true })).loss).toBe(fit.loss);
    });
  });

  test('rejects models and adapters without a head to solve for, and leaves the adapter as it was', async () => {
    await within({}, async (opened) => {
      const { session } = opened;
      const language = await AutoModelForCausalLM.from_pretrained(goldenBase('base/gpt2'), { session });
      const vectors = await get_peft_model(language, new VeraConfig({ r: 4, target_modules: ['c_attn'] }));
      await expect(vectors.fit_head([{ text: 'a' }])).rejects.toMatchObject({ code: 'invalid_argument' });
      const model = await load(opened);
      await model.add_adapter('headless', new VeraConfig({ r: 8, target_modules: ['query'] }));
      const headless = model.fit_head(rows, { adapter_name: 'headless' });
      await expect(headless).rejects.toThrow(
        "expected an adapter that trains its head, but headless doesn't train classifier",
      );
      const alone = rows.filter(({ label }) => label === 'red');
      await expect(model.fit_head(alone)).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(model.fit_head(rows, { C: 0 })).rejects.toMatchObject({ code: 'invalid_argument' });
      const run = new Trainer({ model, train_dataset: rows, args: { max_steps: 2 } }).train();
      await expect(model.fit_head(rows)).rejects.toThrow('is being trained already');
      await run.stop();
      const reason = new Error('enough');
      const controller = new AbortController();
      const trained = await weightsOf(model);
      const fitting = model.fit_head(rows, { signal: controller.signal });
      controller.abort(reason);
      await expect(fitting).rejects.toBe(reason);
      expect(await weightsOf(model)).toEqual(trained);
    });
  });
});
