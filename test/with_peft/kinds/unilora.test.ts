import { expect, test } from 'vitest';
import { get_peft_model, UniLoraConfig, type UniLoraConfigInit, UniLoraModel } from '../../../src/index';
import { BothSides } from '../lib/both_sides';
import { droppedFiles } from '../lib/folders';
import { describeWithPeft } from '../lib/peft';

const LEARNING = { learning_rate: 1e-1, max_steps: 5 } as const;

describeWithPeft.each([
  { name: 'unilora_llama', whole: 'lm_head' },
  { name: 'unilora_gpt2', whole: 'ln_f' },
])('$name', async ({ name, whole }) => {
  const both = await BothSides.open(name, LEARNING);
  const { golden, base, folders } = both;

  const trainedHere = async (variant: UniLoraConfigInit): Promise<UniLoraModel> => {
    const model = await get_peft_model(
      base,
      new UniLoraConfig({ ...golden.peft_config, ...variant } as UniLoraConfigInit),
    );
    await both.trainHere(model);
    return model;
  };

  test.each<UniLoraConfigInit>([{}, { modules_to_save: [whole] }])(
    'an adapter trained here opens in PEFT, merged too: %j',
    async (variant) => {
      const model = await trainedHere(variant);
      const adapter = await folders.write(Object.entries(await model.save_pretrained()));
      for (const merge of [false, true]) {
        const theirs = await both.forward({ adapter, merge });
        expect(theirs.peft_type).toBe('UNILORA');
        await both.expectSame(model, theirs);
      }
    },
  );

  test('an adapter in float16 opens in PEFT, and computes what it computes here', async () => {
    const files = await (await trainedHere({})).save_pretrained({ save_dtype: 'float16' });
    const adapter = await folders.write(Object.entries(files));
    await both.expectSame(await UniLoraModel.from_pretrained(base, files), await both.forward({ adapter }));
  });

  test('an adapter trained in PEFT opens here, and trains on alike', async () => {
    const { adapter } = await both.trainInPeft({ config: golden.peft_config! });
    const model = await UniLoraModel.from_pretrained(base, droppedFiles(adapter), { is_trainable: true });
    await both.expectSame(model, await both.forward({ adapter }));
    await both.expectSameTraining(model, adapter);
  });
});
