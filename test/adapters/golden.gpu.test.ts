import { afterAll, describe, expect, test } from 'vitest';
import {
  type AnyAdaptedModel,
  get_peft_model,
  IA3Config,
  PeftModel,
  type PreTrainedModel,
  UniLoraConfig,
} from '../../src/index';
import {
  comparableConfig,
  goldenAdapter,
  goldenBase,
  goldenCase,
  goldenTensors,
  largestDifference,
  tokensOf,
} from '../helpers/golden/golden';
import { factsOfBase, taskOfBase } from '../helpers/golden/golden_batches';
import { allGoldenCases } from '../helpers/golden/golden_index';
import { expectGoldenTraining } from '../helpers/golden/golden_training';
import { AUTO_CLASSES, bytesOf, openTestSession } from '../helpers/session/session';

const MODEL = 'adapter_model.safetensors';
const opened = await openTestSession();
const { session } = opened;
afterAll(() => session.close());

/** The configuration class of each adapter kind, and PEFT's seed if the adapter's initial values are random. */
const KINDS = [
  { kind: 'IA3', Config: IA3Config, options: {} },
  { kind: 'UNILORA', Config: UniLoraConfig, options: { seed: 7 } },
];

const cases = allGoldenCases()
  .filter(({ task }) => task !== 'image_classification')
  .flatMap(({ name, kind }) => KINDS.flatMap((one) => (one.kind === kind ? [{ name, ...one }] : [])));

describe.each(cases)('$name', async ({ name, Config, options }) => {
  const golden = goldenCase(name);
  const tensors = goldenTensors(name);
  const { tolerance, inputs, expect: expected } = golden;
  const base = await AUTO_CLASSES[taskOfBase(golden.base)].from_pretrained(goldenBase(golden.base), { session });
  const vocabulary = Number(base.config.vocab_size);
  const isToken = factsOfBase(golden.base).labels === 'of tokens' ? tokensOf(inputs.batch, vocabulary) : () => true;
  const trainsBiases = Object.keys(golden.trainable).some((parameter) => parameter.endsWith('.bias'));
  const fresh = (): Promise<AnyAdaptedModel> =>
    get_peft_model(
      base,
      new Config({ ...golden.peft_config, base_model_name_or_path: golden.base } as object),
      'default',
      options,
    );
  const saved = (options = {}) => PeftModel.from_pretrained(base, goldenAdapter(name, 'adapter'), options);

  async function expectFigure(model: PreTrainedModel, figure: 'base' | 'init' | 'random' | 'disabled' | 'merged') {
    const { logits, loss } = await model.forward(inputs.batch);
    expect(Math.abs(loss! - expected[figure].loss), figure).toBeLessThanOrEqual(tolerance.loss_abs);
    // Trained biases stay in use while adapters are disabled. For this state, the golden file contains only the loss.
    if (figure === 'disabled' && trainsBiases) return;
    const reference = tensors.get(`${figure}.logits`) ?? tensors.get('base.logits')!;
    expect(largestDifference(logits.data, reference, isToken), figure).toBeLessThanOrEqual(tolerance.logits_abs);
  }

  test('a fresh adapter: what it wraps, trains and computes', async () => {
    const model = await fresh();
    expect(model.get_nb_trainable_parameters()).toEqual({
      trainable: golden.trainable_parameters,
      all: golden.all_parameters,
    });
    const layers = model.get_layer_status().map((layer) => layer.name.replace(/^model\./, ''));
    expect(layers).toEqual(golden.wrapped_modules.map((module) => module.name));
    const { peft_version, base_model_name_or_path, peft_type, ...fields } = golden.adapter_config;
    const config = JSON.stringify({ ...model.peft_config.default });
    expect(comparableConfig(config)).toMatchObject(comparableConfig(JSON.stringify(fields)) as object);
    await expectFigure(model, 'init');
  });

  test('PEFT’s adapter: on, off, and written as PEFT wrote it', async () => {
    const model = await saved();
    await expectFigure(model, 'random');
    await model.disable_adapter(() => expectFigure(model, 'disabled'));
    const theirs = goldenAdapter(name, 'adapter').files;
    const ours = await model.save_pretrained();
    expect(await bytesOf(ours[MODEL])).toEqual(await bytesOf(theirs.get(MODEL)!));
    expect(comparableConfig(await ours['adapter_config.json'].text())).toEqual(
      comparableConfig(await theirs.get('adapter_config.json')!.text()),
    );
  });

  test('merged, with its biases, and unmerged', async () => {
    const model = await saved();
    const before = await model.forward(inputs.batch);
    await model.merge_adapter({ safe_merge: true });
    await expectFigure(model, 'merged');
    const state = await model.state_dict();
    const merged = [...tensors].flatMap(([key, values]) => {
      const [, part = '', module = ''] = /^merged\.(weight|bias)\.(.*)$/.exec(key) ?? [];
      return part === '' ? [] : [[`${module}.${part}`, values] as const];
    });
    expect(merged.length).toBeGreaterThan(1);
    for (const [tensor, values] of merged) {
      const difference = largestDifference(state.get(tensor)!.data, values);
      expect(difference, tensor).toBeLessThanOrEqual(tolerance.merged_weight_abs);
    }
    await model.unmerge_adapter();
    expect((await model.forward(inputs.batch)).logits.data).toEqual(before.logits.data);
    await expectFigure(await model.merge_and_unload(), 'merged');
    await expectFigure(base, 'base');
  });

  test.each(expected.train.map((training) => [training.id, training] as const))(
    'ten steps through Trainer: %s',
    async (_id, training) => {
      const model = training.start === 'init' ? await fresh() : await saved({ is_trainable: true });
      await expectGoldenTraining(model, name, training);
    },
  );
});
