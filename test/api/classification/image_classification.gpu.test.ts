import { afterAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  type Example,
  get_peft_model,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import {
  comparableConfig,
  type GoldenBatch,
  goldenAdapter,
  goldenBase,
  goldenCase,
  goldenTensors,
  largestDifference,
  moduleNamesOf,
} from '../../helpers/golden/golden';
import { bytesOf, openTestSession, vectorsOf } from '../../helpers/session/session';

const opened = await openTestSession();
const { session } = opened;
afterAll(() => session.close());

const inputsOf = ({ pixel_values, labels }: GoldenBatch) => ({
  pixel_values: pixel_values!,
  labels: labels as readonly number[],
});

function examplesOf({ pixel_values, labels }: GoldenBatch): Example[] {
  const [B = 0, ...dims] = pixel_values!.dims;
  const length = pixel_values!.data.length / B;
  return labels.map((label, row) => ({
    pixel_values: { dims, data: pixel_values!.data.subarray(row * length, (row + 1) * length) },
    label: label as number,
  }));
}

async function weightsOf(files: ReadonlyMap<string, Blob>) {
  return readSafetensors(await bytesOf(files.get('model.safetensors')!)).tensors;
}

describe.each(['vit_mid', 'vit_v4names_mid', 'dinov2_mid'])('%s', async (name) => {
  const golden = goldenCase(name);
  const tensors = goldenTensors(name);
  const { tolerance, inputs } = golden;
  const load = () =>
    AutoModelForImageClassification.from_pretrained(goldenBase(golden.base), {
      session,
      module_names: moduleNamesOf(golden),
    });
  const base = await load();

  async function expectFigure(model: PreTrainedModel, figure: 'base' | 'random' | 'merged'): Promise<void> {
    const { logits, loss } = await model.forward(inputsOf(inputs.batch));
    expect(logits.dims).toEqual([2, 5]);
    expect(largestDifference(logits.data, tensors.get(`${figure}.logits`)!)).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(Math.abs(loss! - golden.expect[figure].loss)).toBeLessThanOrEqual(tolerance.loss_abs);
  }

  test("PEFT's adapter: its numbers, its files, merged", async () => {
    await expectFigure(base, 'base');
    const vera = await VeraModel.from_pretrained(base, goldenAdapter(name, 'adapter'));
    await expectFigure(vera, 'random');
    const [files, written] = [await vera.save_pretrained(), goldenAdapter(name, 'adapter').files];
    const text = (blob: Blob): Promise<string> => blob.text();
    expect(comparableConfig(await text(files['adapter_config.json']))).toEqual(
      comparableConfig(await text(written.get('adapter_config.json')!)),
    );
    expect(await bytesOf(files['adapter_model.safetensors'])).toEqual(
      await bytesOf(written.get('adapter_model.safetensors')!),
    );
    const merged = await vera.merge_and_unload();
    await expectFigure(merged, 'merged');
    // The exported file uses the tensor names of transformers 4. It loads as a model, with the merged weights.
    const exported = await merged.export_model();
    await expectFigure(
      await AutoModelForImageClassification.from_pretrained({ files: exported }, { session }),
      'merged',
    );
  });

  test('ten steps', async () => {
    const model = await load();
    const vera = await get_peft_model(model, new VeraConfig(golden.vera_config));
    const [training] = golden.expect.train;
    const run = new Trainer({
      model: vera,
      args: {
        per_device_train_batch_size: 2,
        max_steps: training!.steps,
        learning_rate: training!.lr,
        lr_scheduler_type: 'constant',
        warmup_ratio: 0,
        max_grad_norm: 0,
        shuffle: false,
      },
      train_dataset: inputs.train_batches.flatMap(examplesOf),
    }).train();
    const losses: number[] = [];
    for await (const event of run) if (event.type === 'log') losses.push(event.logs.loss);
    await run;
    expect(largestDifference(losses, training!.losses)).toBeLessThanOrEqual(training!.tolerance.losses_abs);
    const final = await vectorsOf(await vera.save_pretrained());
    for (const parameter of Object.keys(golden.trainable)) {
      const reference = tensors.get(`train.adamw.final.${parameter}`)!;
      const allowed = training!.tolerance.final_abs[parameter] ?? training!.tolerance.final_abs_default;
      expect(largestDifference(final.get(parameter)!, reference), parameter).toBeLessThanOrEqual(allowed);
    }
    const evaluation = await new Trainer({
      model: vera,
      args: { per_device_train_batch_size: 2 },
      train_dataset: [],
      eval_dataset: inputs.train_batches.flatMap(examplesOf),
    }).evaluate();
    expect(evaluation).toMatchObject({ eval_rows: 8, accuracy: expect.any(Number), f1: expect.any(Number) });
    await model.dispose();
  });

  test("state_dict and export_model give the file's tensors", async () => {
    const file = await weightsOf(goldenBase(golden.base).files);
    const state = await base.state_dict();
    const shapes = (entries: Iterable<[string, readonly number[]]>) => new Map([...entries].sort());
    expect(shapes([...state].map(([key, { dims }]) => [key, dims]))).toEqual(
      shapes([...file].map(([key, { shape }]) => [key, shape])),
    );
    const exported = await weightsOf(await base.export_model());
    expect(shapes([...exported].map(([key, { shape }]) => [key, shape]))).toEqual(
      shapes([...file].map(([key, { shape }]) => [key, shape])),
    );
    for (const [key, { bytes }] of file) expect(exported.get(key)!.bytes, key).toEqual(bytes);
  });
});

test('whole embeddings and the biases of all modules train, and are saved in the shapes of files', async () => {
  const base = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), { session });
  const vera = await get_peft_model(
    base,
    new VeraConfig({ target_modules: ['q_proj'], bias: 'all', modules_to_save: ['embeddings', 'vit.layernorm'] }),
  );
  const golden = goldenCase('vit_mid');
  const before = await vectorsOf(await vera.save_pretrained());
  await new Trainer({
    model: vera,
    args: { per_device_train_batch_size: 2, max_steps: 2 },
    train_dataset: golden.inputs.train_batches.flatMap(examplesOf),
  }).train();
  const files = await vera.save_pretrained();
  const { tensors } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
  const after = await vectorsOf(files);
  const shapes = {
    'vit.embeddings.cls_token': [1, 1, 32],
    'vit.embeddings.position_embeddings': [1, 17, 32],
    'vit.embeddings.patch_embeddings.projection.weight': [32, 3, 4, 4],
    'vit.embeddings.patch_embeddings.projection.bias': [32],
    'vit.layernorm.weight': [32],
    'vit.layers.0.mlp.fc1.bias': [56],
  };
  for (const [key, shape] of Object.entries(shapes)) {
    const saved = `base_model.model.${key}`;
    expect(tensors.get(saved)?.shape, key).toEqual(shape);
    expect(largestDifference(after.get(saved)!, before.get(saved)!), key).toBeGreaterThan(0);
  }
  // A model that loads the files computes the same logits.
  const again = await VeraModel.from_pretrained(
    await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), { session }),
    files,
  );
  const [one, other] = [vera, again].map((model) => model.forward(inputsOf(golden.inputs.batch)));
  expect(largestDifference((await other!).logits.data, (await one!).logits.data)).toBe(0);
  await base.dispose();
  await again.dispose();
});

test('a file with the names of transformers 5 is read too', async () => {
  const plain = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), { session });
  const { files } = goldenBase('base/vit');
  const renamed = await renamedTo5(files.get('model.safetensors')!);
  const model = await AutoModelForImageClassification.from_pretrained(
    { files: new Map([...files, ['model.safetensors', renamed]]) },
    { session, module_names: 'v4' },
  );
  const inputs = inputsOf(goldenCase('vit_mid').inputs.batch);
  const [a, b] = [await plain.forward(inputs), await model.forward(inputs)];
  expect(b.logits.data).toEqual(a.logits.data);
  await plain.dispose();
  await model.dispose();
});

/** Returns the safetensors file with its tensors renamed as in transformers 5. */
async function renamedTo5(file: Blob): Promise<Blob> {
  const length = Number(new DataView(await file.slice(0, 8).arrayBuffer()).getBigUint64(0, true));
  const header = (await file.slice(8, 8 + length).text())
    .replaceAll('encoder.layer.', 'layers.')
    .replaceAll('attention.attention.query', 'attention.q_proj')
    .replaceAll('attention.attention.key', 'attention.k_proj')
    .replaceAll('attention.attention.value', 'attention.v_proj')
    .replaceAll('attention.output.dense', 'attention.o_proj')
    .replaceAll('intermediate.dense', 'mlp.fc1')
    .replaceAll('output.dense', 'mlp.fc2');
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const prefix = new DataView(new ArrayBuffer(8));
  prefix.setBigUint64(0, BigInt(padded.length), true);
  return new Blob([prefix.buffer, padded, file.slice(8 + length)]);
}

describe('refused', () => {
  test('a ViT as a language model, and texts for it', async () => {
    await expect(AutoModelForCausalLM.from_pretrained(goldenBase('base/vit'), { session })).rejects.toMatchObject({
      code: 'unsupported_model',
      hint: 'Models of this type are loaded by AutoModelForImageClassification or AutoModel.',
    });
    const base = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), { session });
    await expect(base.forward({ input_ids: [[1]] })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'inputs: expected pixel_values, as the model sees images, got input_ids',
    });
    await base.dispose();
  });

  test('invalid module_names', async () => {
    const options = { session, module_names: '5' } as never;
    await expect(
      AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), options),
    ).rejects.toMatchObject({ code: 'invalid_argument', message: /module_names: expected 'v4' or 'v5'/ });
  });

  test("targets by the other transformers' names, with a hint", async () => {
    const base = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), { session });
    await expect(get_peft_model(base, new VeraConfig({ target_modules: ['query'] }))).rejects.toMatchObject({
      hint: expect.stringContaining("loaded with module_names: 'v4' they have transformers 4's names"),
    });
    await base.dispose();
  });
});

test('a head for other labels is made new', async () => {
  const model = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), {
    session,
    id2label: { 0: 'cat', 1: 'dog' },
    ignore_mismatched_sizes: true,
  });
  const { pixel_values } = inputsOf(goldenCase('vit_mid').inputs.batch);
  expect((await model.forward({ pixel_values })).logits.dims).toEqual([2, 2]);
  expect(opened.warnings).toContain('new_head');
  expect(model.config.architectures).toEqual(['ViTForImageClassification']);
  await model.dispose();
});
