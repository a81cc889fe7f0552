import { expect, test } from 'vitest';
import { get_peft_model, VeraConfig, type VeraConfigInit } from '../../../src/index';
import { BothSides } from '../lib/both_sides';
import { describeWithPeft } from '../lib/peft';

const LEARNING = { learning_rate: 3e-2, max_steps: 5 } as const;

interface Variant {
  readonly golden: string;
  readonly config: VeraConfigInit;
}

const variants: readonly Variant[] = [
  { golden: 'dora_llama', config: { r: 6, target_modules: ['q_proj', 'down_proj'] } },
  { golden: 'dora_gpt2', config: { r: 6, target_modules: ['c_attn'], fan_in_fan_out: true, bias: 'vera_only' } },
];

describeWithPeft.each(variants)('VeRA with trained lengths of rows over $golden', async ({ golden, config }) => {
  const both = await BothSides.open(golden, LEARNING);
  const model = await get_peft_model(both.base, new VeraConfig({ ...config, use_dora: true, task_type: 'CAUSAL_LM' }));
  await both.trainHere(model);

  test('as a LoRA with DoRA it opens in PEFT, and computes the same, merged too', async () => {
    const adapter = await both.folders.write(Object.entries(await model.save_as_lora()));
    for (const merge of [false, true]) {
      const theirs = await both.forward({ adapter, merge });
      expect(theirs.peft_type).toBe('LORA');
      await both.expectSame(model, theirs);
    }
  });

  test('its own file opens in PEFT as a VeRA without the lengths, which are left over', async () => {
    const adapter = await both.folders.write(Object.entries(await model.save_pretrained()));
    await expect(both.forward({ adapter })).rejects.toThrow(
      /missing: \[\], unexpected: \['[^']*\.vera_magnitude_vector'(, '[^']*\.vera_magnitude_vector')*\]/,
    );
  });
});
