import { expect, test } from 'vitest';
import { get_peft_model, LoraConfig, type LoraConfigInit, LoraModel } from '../../../src/index';
import { BothSides } from '../lib/both_sides';
import { droppedFiles } from '../lib/folders';
import { describeWithPeft } from '../lib/peft';

const LEARNING = { learning_rate: 1e-2, max_steps: 5 } as const;

interface Variant {
  readonly golden: string;
  readonly about: string;
  readonly config: LoraConfigInit;
}

const variants: readonly Variant[] = [
  {
    golden: 'lora_llama',
    about: 'ranks of its own, a module as a whole',
    config: {
      r: 8,
      lora_alpha: 12,
      target_modules: ['q_proj', 'up_proj', 'down_proj'],
      rank_pattern: { 'layers.0.mlp.up_proj': 3 },
      alpha_pattern: { q_proj: 4 },
      modules_to_save: ['norm'],
      init_lora_weights: 'gaussian',
    },
  },
  {
    golden: 'lora_gpt2',
    about: 'a stabilised scale, and biases',
    config: {
      r: 4,
      target_modules: ['c_attn', 'c_proj'],
      exclude_modules: ['h.0.attn.c_proj'],
      fan_in_fan_out: true,
      use_rslora: true,
      lora_bias: true,
      bias: 'lora_only',
    },
  },
  { golden: 'lora_falcon', about: 'all linear layers', config: { r: 2, target_modules: 'all-linear' } },
  {
    golden: 'dora_llama',
    about: 'trained lengths of rows, matrices that aren’t zero at the start',
    config: { r: 4, target_modules: ['q_proj', 'down_proj'], use_dora: true, init_lora_weights: false },
  },
  {
    golden: 'dora_gpt2',
    about: 'trained lengths of rows of Conv1D layers, and biases',
    config: {
      r: 4,
      target_modules: ['c_attn', 'c_proj'],
      fan_in_fan_out: true,
      bias: 'lora_only',
      use_dora: true,
    },
  },
];

describeWithPeft.each(variants)('LoRA over $golden, $about', async ({ golden, config: given }) => {
  const both = await BothSides.open(golden, LEARNING);
  const config = { ...given, task_type: 'CAUSAL_LM', peft_type: 'LORA' } as const;

  test('trained here, an adapter opens in PEFT, computes the same, merged too, and trains on alike', async () => {
    const model = await get_peft_model(both.base, new LoraConfig(config));
    await both.trainHere(model);
    const adapter = await both.folders.write(Object.entries(await model.save_pretrained()));
    for (const merge of [false, true]) {
      const theirs = await both.forward({ adapter, merge });
      expect(theirs.peft_type).toBe('LORA');
      await both.expectSame(model, theirs);
    }
    await both.expectSameTraining(model, adapter);
  });

  test('trained in PEFT, an adapter opens here, computes the same, and trains on alike', async () => {
    const { adapter } = await both.trainInPeft({ config });
    const model = await LoraModel.from_pretrained(both.base, droppedFiles(adapter), { is_trainable: true });
    await both.expectSame(model, await both.forward({ adapter }));
    await both.expectSameTraining(model, adapter);
  });
});
