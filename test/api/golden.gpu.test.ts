import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/tensors/safetensors';
import { type AdapterFiles, get_peft_model, type PreTrainedModel, VeraConfig, VeraModel } from '../../src/index';
import { idsOf } from '../helpers/generated_ids';
import {
  comparableConfig,
  type GoldenTraining,
  goldenAdapter,
  goldenCase,
  goldenTensors,
  largestDifference,
  tokensOf,
} from '../helpers/golden/golden';
import { factsOfBase } from '../helpers/golden/golden_batches';
import { type GoldenEntry, goldenCases, isKeyCase, isText } from '../helpers/golden/golden_index';
import { expectGoldenTraining } from '../helpers/golden/golden_training';
import { ofRing } from '../helpers/ring';
import { bytesOf, loadBase, openTestSession } from '../helpers/session/session';

/** Selects text models that aren't in float16: with a float16 base, merged weights are float16, but PEFT computed them in float32. */
const isWide = (entry: GoldenEntry): boolean => isText(entry) && entry.dtype !== 'float16';
/** `npm test` runs only the cases that represent the others. test/train/golden.gpu.test.ts compares the results of all cases. */
const cases = ofRing(goldenCases(isWide), { test: isKeyCase }).map(({ name }) => name);
/** Whether the API can run this training. The API divides by all labelled tokens of a step, and can't average the means of batches. */
const expressible = ({ normalise }: GoldenTraining): boolean => normalise !== 'mean_of_means';

const opened = await openTestSession();

describe.each(cases)('%s', async (name) => {
  const golden = goldenCase(name);
  const tensors = goldenTensors(name);
  const { tolerance, inputs, expect: expected } = golden;
  const base = await loadBase(opened, name);
  const { generates, hasNamedLabels, labels: kind } = factsOfBase(golden.base);
  const isOfTokens = kind === 'of tokens';
  const [B, T] = [inputs.batch.input_ids.length, inputs.batch.input_ids[0]!.length];
  const outputs = hasNamedLabels ? Object.keys(base.config.id2label ?? {}).length : Number(base.config.vocab_size);
  const dims = isOfTokens ? [B, T, outputs] : [B, outputs];
  const isToken = isOfTokens ? tokensOf(inputs.batch, dims.at(-1)!) : () => true;

  const biases = Object.keys(golden.trainable).filter((key) => key.endsWith('.base_layer.bias'));
  const biased = biases.length > 0;

  type Figure = 'base' | 'init' | 'random' | 'disabled' | 'merged';
  /** Compares a forward pass with the golden loss and logits of a state of the model. */
  async function expectFigure(model: PreTrainedModel, figure: Figure): Promise<void> {
    const { logits, loss } = await model.forward(inputs.batch);
    expect(logits.dims).toEqual(dims);
    expect(Math.abs(loss! - expected[figure]!.loss), figure).toBeLessThanOrEqual(tolerance.loss_abs);
    // The golden file leaves out logits that equal the base model's. If trained biases stay in use while adapters are disabled, only the
    // loss is known.
    const isBase = expected[figure]!.loss === expected.base.loss;
    const reference = tensors.get(`${figure}.logits`) ?? (isBase ? tensors.get('base.logits')! : undefined);
    if (reference === undefined) expect([figure, biased]).toEqual(['disabled', true]);
    else expect(largestDifference(logits.data, reference, isToken), figure).toBeLessThanOrEqual(tolerance.logits_abs);
  }

  const fresh = () =>
    get_peft_model(base, new VeraConfig({ ...golden.vera_config, base_model_name_or_path: golden.base }));
  const saved = (folder: string, options = {}) => VeraModel.from_pretrained(base, goldenAdapter(name, folder), options);

  test('the base model, alone and under a fresh adapter', async () => {
    await expectFigure(base, 'base');
    const vera = await fresh();
    const [plain, wrapped] = [await base.forward(inputs.batch), await vera.forward(inputs.batch)];
    expect(largestDifference(wrapped.logits.data, plain.logits.data)).toBe(0);
    await expectFigure(vera, 'init');
  });

  test('what a fresh adapter wraps, trains and is made of', async () => {
    const vera = await fresh();
    expect(vera.get_nb_trainable_parameters()).toEqual({
      trainable: golden.trainable_parameters,
      all: golden.all_parameters,
    });
    const layers = new Set(vera.get_layer_status().map(({ name }) => name));
    const wrapped = base.named_modules().filter((module) => layers.has(`model.${module.name}`));
    expect(
      wrapped.map(({ name, in_features, out_features, type: kind }) => ({ name, in_features, out_features, kind })),
    ).toEqual(
      golden.wrapped_modules.map(({ name, in_features, out_features, kind }) => ({
        name,
        in_features,
        out_features,
        kind,
      })),
    );
    const { peft_type, peft_version, ...fields } = golden.adapter_config;
    expect(comparable({ ...vera.peft_config.default })).toMatchObject(comparable(fields));
    const shapes = await shapesOf(await vera.save_pretrained());
    expect(shapes).toEqual(golden.saved_keys);
    expect(shapes).toMatchObject({
      'base_model.vera_A': golden.projection_shapes.vera_A,
      'base_model.vera_B': golden.projection_shapes.vera_B,
    });
  });

  test('PEFT’s adapter: on, off, and beside the base model', async () => {
    const vera = await saved('adapter');
    await expectFigure(vera, 'random');
    await vera.disable_adapter(() => expectFigure(vera, 'disabled'));
    await expectFigure(vera, 'random');
    await expectFigure(base, 'base');
  });

  test('PEFT’s adapter_noproj draws the projections again', async () => {
    await expectFigure(await saved('adapter_noproj'), 'random');
    expect(opened.warnings).toContain('projection_drawn');
  });

  test('merged for good', async () => {
    const merged = await (await saved('adapter')).merge_and_unload();
    await expectFigure(merged, 'merged');
    await expectMergedWeights(merged);
    await expectFigure(base, 'base');
  });

  test('merged, unmerged, and merged again', async () => {
    const vera = await saved('adapter');
    const before = await vera.forward(inputs.batch);
    for (const safe_merge of [false, true]) {
      await vera.merge_adapter({ safe_merge });
      await expectFigure(vera, 'merged');
      await expectMergedWeights(vera);
      await vera.disable_adapter(() => expectFigure(vera, 'disabled'));
      await vera.unmerge_adapter();
      expect((await vera.forward(inputs.batch)).logits.data).toEqual(before.logits.data);
    }
    await vera.merge_adapter();
    const unloaded = await vera.unload();
    await expectFigure(unloaded, 'merged');
    await expectMergedWeights(unloaded);
  });

  /** Expects merged weights, trained biases included, in the checkpoint's layout, which is (in, out) for Conv1D. */
  async function expectMergedWeights(model: PreTrainedModel): Promise<void> {
    const state = await model.state_dict();
    for (const module of expected.merged.modules) {
      const { in_features, out_features, kind } = golden.wrapped_modules.find((wrapped) => wrapped.name === module)!;
      const { dims, data } = state.get(`${module}.weight`)!;
      expect(dims, module).toEqual(kind === 'Conv1D' ? [in_features, out_features] : [out_features, in_features]);
      const difference = largestDifference(data, tensors.get(`merged.weight.${module}`)!);
      expect(difference, module).toBeLessThanOrEqual(tolerance.merged_weight_abs);
    }
    for (const key of biases) {
      const bias = key.replace('base_model.model.', '').replace('.base_layer', '');
      expect(state.get(bias)!.data, bias).toEqual(tensors.get(`random.state.${key}`));
    }
  }

  test.runIf(generates)('greedy continuation', async () => {
    const { prompt, continuation } = expected.random.greedy;
    const vera = await saved('adapter');
    const generation = vera.generate(prompt, { max_new_tokens: continuation.length, eos_token_id: null });
    const tokens = await idsOf(generation);
    expect(tokens).toEqual(continuation);
    expect(await generation).toBe('');
  });

  test.each(['adapter', 'adapter_noproj'])('%s is written as PEFT wrote it', async (folder) => {
    const theirs = goldenAdapter(name, folder).files;
    const ours = await (await saved(folder)).save_pretrained();
    expect(await bytesOf(ours['adapter_model.safetensors'])).toEqual(
      await bytesOf(theirs.get('adapter_model.safetensors')!),
    );
    expect(await configOf(ours['adapter_config.json'])).toEqual(await configOf(theirs.get('adapter_config.json')!));
  });

  test.each(expected.train.filter(expressible).map((training) => [training.id, training] as const))(
    'ten steps through Trainer: %s',
    async (_id, training) => {
      const vera = training.start === 'init' ? await fresh() : await saved('adapter', { is_trainable: true });
      await expectGoldenTraining(vera, name, training);
    },
  );
});

async function configOf(blob: Blob): Promise<unknown> {
  return comparableConfig(await blob.text());
}

/** Returns a configuration's fields, with sets sorted. */
function comparable({ target_modules, ...rest }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...rest, target_modules: Array.isArray(target_modules) ? target_modules.toSorted() : target_modules };
}

async function shapesOf(files: AdapterFiles): Promise<Record<string, readonly number[]>> {
  const { tensors } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
  return Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
}
