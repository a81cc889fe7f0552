import { expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { get_peft_model } from '../../../src/page/adapters/peft_classes';
import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import { Trainer } from '../../../src/page/training/trainer';
import { modelInfo, openSession, veraInfo } from './open_session';

test("methods of other libraries name webvera's, and existing methods stay", async () => {
  const { session } = await openSession(() => ({
    loadModel: async () => modelInfo,
    createAdapters: async (_model, name, fields) => veraInfo({ [name]: fields }, [name]),
  }));
  const base = await AutoModelForCausalLM.from_pretrained('org/name', { session });
  const model = await get_peft_model(base, new VeraConfig());
  const trainer = new Trainer({ model, train_dataset: [] });
  const hintOf = (object: object, name: string): string => {
    try {
      (object as Record<string, () => unknown>)[name]!();
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_argument', message: `There is no ${name}() here` });
      return (error as { hint: string }).hint;
    }
    return 'it did something';
  };
  expect(hintOf(model, 'train')).toMatch(/new Trainer\(\{ model, train_dataset \}\)\.train\(\)/);
  expect(hintOf(base, 'eval')).toMatch(/no mode/);
  expect(hintOf(model, 'print_trainable_parameters')).toMatch(/^get_nb_trainable_parameters\(\)/);
  expect(hintOf(base, 'save_pretrained')).toMatch(/get_peft_model\(.*export_model\(\)/);
  expect(hintOf(trainer, 'save_model')).toMatch(/model\.save_pretrained/);
  expect(model.get_nb_trainable_parameters()).toEqual({ trainable: 12, all: 1000 });
  expect(Object.keys(base)).not.toContain('train');

  for (const [name, hint] of [
    ['active_adapter', /^active_adapters /],
    ['active_peft_config', /peft_config\[active_adapters\[0\]\]/],
    ['base_model', /stays as it was/],
    ['peft_type', /peft_config\[active_adapters\[0\]\]\.peft_type/],
  ] as const) {
    expect(() => model[name as never]).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: `There is no ${name} here`,
        hint: expect.stringMatching(hint),
      }),
    );
  }
  expect(hintOf(model, 'get_base_model')).toMatch(/stays as it was/);
  expect(hintOf(model, 'disable_adapter_layers')).toMatch(/^disable_adapter\(async/);
  expect(hintOf(model, 'set_requires_grad')).toMatch(/^is_trainable/);
  expect(hintOf(base, 'merge_adapter')).toMatch(/get_peft_model/);
  await session.close();
});
