import { describe, expect, test } from 'vitest';
import { get_peft_model, VeraConfig, type VeraConfigInit, VeraModel } from '../../src/index';
import { BothSides } from './lib/both_sides';
import { families, variants } from './lib/families';
import { droppedFiles } from './lib/folders';
import { describeWithPeft } from './lib/peft';

const LEARNING = { learning_rate: 1e-2, max_steps: 5 } as const;

describeWithPeft.each(families)('$golden', async (family) => {
  const both = await BothSides.open(family.golden, LEARNING);
  const { golden, base, folders } = both;

  describe.each(Object.entries(variants(family)))('%s', (_, variant) => {
    const { fan_in_fan_out = false } = golden.vera_config;
    const { target_modules } = family;
    const config: VeraConfigInit = { r: 8, target_modules, fan_in_fan_out, task_type: 'CAUSAL_LM', ...variant };

    test('an adapter trained here opens in PEFT, computes the same, and trains on alike', async () => {
      const vera = await get_peft_model(base, new VeraConfig(config));
      await both.trainHere(vera);
      const adapter = await folders.write(Object.entries(await vera.save_pretrained()));
      await both.expectSame(vera, await both.forward({ adapter }));

      await both.expectSameTraining(vera, adapter);
    });

    test('an adapter trained in PEFT opens here, computes the same, and trains on alike', async () => {
      const { adapter } = await both.trainInPeft({ config });
      const vera = await VeraModel.from_pretrained(base, droppedFiles(adapter), { is_trainable: true });
      await both.expectSame(vera, await both.forward({ adapter }));

      await both.expectSameTraining(vera, adapter);
    });
  });

  test('an adapter as a LoRA opens in PEFT, and computes the same, merged too', async () => {
    const vera = await get_peft_model(base, new VeraConfig({ ...golden.vera_config, bias: 'none' }));
    await both.trainHere(vera);
    const adapter = await folders.write(Object.entries(await vera.save_as_lora()));
    for (const merge of [false, true]) {
      const theirs = await both.forward({ adapter, merge });
      expect(theirs.peft_type).toBe('LORA');
      await both.expectSame(vera, theirs);
    }
  });

  test('a merged model opens in transformers, and computes the same', async () => {
    const vera = await get_peft_model(base, new VeraConfig({ ...golden.vera_config, modules_to_save: [family.whole] }));
    await both.trainHere(vera);
    const merged = await vera.merge_and_unload();
    const folder = await folders.write(await merged.export_model());
    await both.expectSame(merged, await both.forward({ base: folder }));
  });
});
