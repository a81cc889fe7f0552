import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AutoModelForSequenceClassification,
  get_peft_model,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../../src/index';
import { goldenBase, largestDifference } from '../../helpers/golden/golden';
import { addRandom, changed, randomVera, savedOf, TOLERANCE, tensorsOf } from '../../helpers/peft';
import { openTestSession, type TestSession, vectorsOf } from '../../helpers/session/session';

/** The VeRA configuration that PEFT's test_seq_classifier.py uses. */
const config: VeraConfigInit = {
  task_type: 'SEQ_CLS',
  r: 8,
  target_modules: null,
  vera_dropout: 0.05,
  projection_prng_key: 0xff,
  d_initial: 0.1,
  save_projection: true,
  bias: 'none',
};
/** The inputs that test_seq_classifier.py uses. */
const inputs = {
  input_ids: [
    [1, 1, 1],
    [1, 2, 1],
  ],
  attention_mask: [
    [1, 1, 1],
    [1, 0, 1],
  ],
};
const train_dataset = inputs.input_ids.map((input_ids, label) => ({ input_ids, label }));

const inLayers = (layers: string, names: readonly string[]): string[] =>
  [0, 1].flatMap((layer) => names.map((name) => `${layers}.${layer}.${name}`));
const attention = ['attention.self.query', 'attention.self.value'];

/**
 * The three models of test_seq_classifier.py, another decoder and another encoder. Each with the modules that VeRA
 * wraps by default, and the head's tensors.
 */
const models = [
  {
    name: 'bert',
    wrapped: inLayers('bert.encoder.layer', attention),
    head: ['classifier.weight', 'classifier.bias'],
  },
  {
    name: 'roberta',
    wrapped: inLayers('roberta.encoder.layer', attention),
    head: ['dense', 'out_proj'].flatMap((name) => [`classifier.${name}.weight`, `classifier.${name}.bias`]),
  },
  {
    name: 'llama-seqcls',
    wrapped: inLayers('model.layers', ['self_attn.q_proj', 'self_attn.v_proj']),
    head: ['score.weight'],
  },
  { name: 'gpt2-seqcls', wrapped: inLayers('transformer.h', ['attn.c_attn']), head: ['score.weight'] },
];

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

describe.each(models)('$name', ({ name, wrapped, head }) => {
  let base: PreTrainedModel;
  let plain: Float32Array;
  const logitsOf = async (model: PreTrainedModel) => (await model.forward(inputs)).logits.data;
  const distance = async (model: PreTrainedModel, other: Float32Array) =>
    largestDifference(await logitsOf(model), other);
  beforeAll(async () => {
    base = await AutoModelForSequenceClassification.from_pretrained(goldenBase(`base/${name}`), {
      session: opened.session,
    });
    plain = await logitsOf(base);
  });
  afterAll(() => base.dispose());

  test('test_attributes_parametrized', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    for (const method of [model.save_pretrained, VeraModel.from_pretrained]) expect(method).toBeTypeOf('function');
    expect(model.get_layer_status().map(({ name: layer }) => layer)).toEqual(wrapped.map((layer) => `model.${layer}`));
    expect(await distance(model, plain)).toBe(0);
  });

  test('test_adapter_name', async () => {
    const model = await get_peft_model(base, new VeraConfig(config), 'test-adapter');
    expect(Object.keys(model.peft_config)).toEqual(['test-adapter']);
    expect(model.active_adapters).toEqual(['test-adapter']);
  });

  test('test_modules_to_save_correctly_set', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    expect(model.peft_config.default!.modules_to_save).toEqual(expect.arrayContaining(['classifier', 'score']));
    const saved = [...(await savedOf(model)).keys()].filter((key) => !key.includes('vera_'));
    expect(saved.toSorted()).toEqual(head.map((tensor) => `base_model.model.${tensor}`).toSorted());
  });

  test('test_save_pretrained', async () => {
    const model = await randomVera(base, config);
    const files = await model.save_pretrained();
    expect(JSON.parse(await files['adapter_config.json'].text())).toMatchObject({
      task_type: 'SEQ_CLS',
      inference_mode: true,
    });
    const loaded = await VeraModel.from_pretrained(base, files);
    expect(changed(await savedOf(model), await savedOf(loaded))).toEqual([]);
    const own = await logitsOf(model);
    expect(largestDifference(own, plain)).toBeGreaterThan(TOLERANCE.merge);
    expect(await distance(loaded, own)).toBeLessThan(TOLERANCE.roundTrip);
  });

  test('test_save_pretrained_selected_adapters', async () => {
    const model = await randomVera(base, config);
    await addRandom(model, 'new_adapter', config);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained({ adapter_name: 'new_adapter' }));
    const first = await logitsOf(model);
    await model.set_adapter('new_adapter');
    const second = await logitsOf(model);
    expect(largestDifference(first, second)).toBeGreaterThan(TOLERANCE.merge);
    expect(await distance(loaded, second)).toBeLessThan(TOLERANCE.roundTrip);
  });

  test('test_from_pretrained_config_construction', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(loaded.peft_config.default).toMatchObject({ ...config, target_modules: expect.anything() });
    expect(loaded.peft_config.default!.modules_to_save).toEqual(model.peft_config.default!.modules_to_save);
  });

  test('an adapter of other labels is refused, and opens as the hint says', async () => {
    const load = (num_labels: number) =>
      AutoModelForSequenceClassification.from_pretrained(goldenBase(`base/${name}`), {
        session: opened.session,
        num_labels,
        ignore_mismatched_sizes: true,
      });
    const files = await (await get_peft_model(await load(6), new VeraConfig(config))).save_pretrained();
    await expect(VeraModel.from_pretrained(base, files)).rejects.toMatchObject({
      code: 'invalid_format',
      hint: expect.stringMatching(/^Load the base model with num_labels: 6, .* and with ignore_mismatched_sizes: true/),
    });
    const again = await VeraModel.from_pretrained(await load(6), files);
    expect(changed(await vectorsOf(files), await savedOf(again))).toEqual([]);
  });

  test('test_prepare_for_training_parametrized: what learns is VeRA and the head, and the base stays', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    const [before, weights] = [await savedOf(model), await tensorsOf(base)];
    await new Trainer({ model, args: { max_steps: 3, learning_rate: 0.01 }, train_dataset }).train();
    const vectors = wrapped.flatMap((layer) => ['b', 'd'].map((vector) => `${layer}.vera_lambda_${vector}`));
    const learnt = [...vectors, ...head].map((tensor) => `base_model.model.${tensor}`);
    expect(changed(before, await savedOf(model)).toSorted()).toEqual(learnt.toSorted());
    expect(changed(weights, await tensorsOf(base))).toEqual([]);
    expect(await distance(base, plain)).toBe(0);
    expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
  });
});
