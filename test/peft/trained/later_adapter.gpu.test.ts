import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { get_peft_model, type PreTrainedModel, VeraConfig, VeraModel } from '../../../src/index';
import { loadMlp } from '../../helpers/models/mlp';
import { logitsOf, randomise, randomVera, train } from '../../helpers/peft';
import { openTestSession, type TestSession } from '../../helpers/session/session';

// An adapter that is added later is treated as in PEFT 0.21. Earlier releases treat it differently.

const r = 8;
const config = new VeraConfig({ r, target_modules: ['lin0'] });

let opened: TestSession;
let base: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  base = await loadMlp(opened);
});
beforeEach(() => {
  opened.warnings.length = 0;
});
afterAll(() => opened.session.close());

test('one that matches nothing is refused in the words of NoMatchingPeftModuleError, and nothing changes', async () => {
  const model = await randomVera(base, { r, target_modules: ['lin0'] });
  const before = await logitsOf(model);
  const refused = {
    code: 'invalid_argument',
    message: "Target modules {'lin9'} not found in the base model. Please check the target modules and try again.",
    hint: expect.stringMatching(/^Did you mean 'lin0'\?/),
    detail: { target_modules: ['lin9'] },
  };
  await expect(model.add_adapter('other', new VeraConfig({ r, target_modules: ['lin9'] }))).rejects.toMatchObject(
    refused,
  );
  const files = await model.save_pretrained();
  const json = { ...JSON.parse(await files['adapter_config.json'].text()), target_modules: ['lin9'] };
  const other = { ...files, 'adapter_config.json': new Blob([JSON.stringify(json)]) };
  await expect(model.load_adapter(other, 'other')).rejects.toMatchObject({
    ...refused,
    hint: expect.stringMatching(/^The adapter was made for another model, with modules lin9: .* Did you mean 'lin0'\?/),
  });
  expect(Object.keys(model.peft_config)).toEqual(['default']);
  expect(await logitsOf(model)).toEqual(before);
  await model.add_adapter('other', config);

  await model.delete_adapter('other');
  await model.delete_adapter('default');
  await expect(model.load_adapter(other, 'other')).rejects.toMatchObject({
    message: 'No layers types compatible with VeRA were found. Please check `peft_config.target_modules`.',
  });
});

test('trained biases of a later one train while it is active', async () => {
  const model = await get_peft_model(base, config);
  const { trainable } = model.get_nb_trainable_parameters();
  await model.add_adapter('other', new VeraConfig({ r, target_modules: ['lin0'], bias: 'vera_only' }));
  expect(model.get_nb_trainable_parameters().trainable).toBe(trainable);
  await model.set_adapter('other');
  expect(model.get_nb_trainable_parameters().trainable).toBe(trainable + 20);
});

test("training of other adapters' tensors stays as it was", async () => {
  const files = await (await randomVera(base, { r, target_modules: ['lin0'] })).save_pretrained();
  const still = await VeraModel.from_pretrained(base, files);
  await still.add_adapter('other', config);
  expect(still.get_model_status().requires_grad).toEqual({ default: false, other: false });
  expect(still.get_nb_trainable_parameters().trainable).toBe(0);

  const model = await get_peft_model(base, config);
  const { trainable } = model.get_nb_trainable_parameters();
  await model.load_adapter(files, 'other');
  expect(model.get_model_status().requires_grad).toEqual({ default: true, other: false });
  expect(model.get_nb_trainable_parameters().trainable).toBe(trainable);
});

test.each(['unload', 'merge_and_unload'] as const)(
  '%s, while one is active that saves no module whole, gives the modules of the base',
  async (end) => {
    const model = await get_peft_model(
      base,
      new VeraConfig({ r, target_modules: ['lin0'], modules_to_save: ['lin1'] }),
    );
    await train(model);
    await model.add_adapter('other', config);
    await model.set_adapter('other');
    await randomise(model, 'other', 3);
    const [before, after] = [await base.state_dict(), await (await model[end]()).state_dict()];
    const changed = [...before].filter(
      ([name, numbers]) => !numbers.data.every((x, i) => x === after.get(name)?.data[i]),
    );
    expect(changed.map(([name]) => name)).toEqual(end === 'unload' ? [] : ['lin0.weight']);
  },
);
