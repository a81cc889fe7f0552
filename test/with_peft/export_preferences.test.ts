import '../helpers/gpu/gpu';
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type DPOConfig,
  DPOTrainer,
  export_run,
  get_peft_model,
  type KTOConfig,
  KTOTrainer,
  type Trainer,
  VeraConfig,
  type VeraModel,
} from '../../src/index';
import { goldenDpo, goldenKto, loadTexts } from '../helpers/golden/golden_preferences';
import { modelFolder, opened, type Run, scratch, writeNew } from './lib/exported';
import { describeWithPeft } from './lib/peft';
import { runPython } from './lib/python';
import { expectSame, expectSuccess, readOutput } from './lib/python_output';

/** An epoch has eight pairs or nine ratings, and can end with an incomplete step. One more pair or rating is too long, and left out. */
const args = {
  max_steps: 8,
  max_length: goldenDpo.max_length,
  learning_rate: 0.03,
  warmup_steps: 2,
  weight_decay: 0.05,
  max_grad_norm: 0.3,
  save_strategy: 'no',
  seed: 7,
} as const;

interface Case {
  readonly base: string;
  readonly target_modules: readonly string[];
  readonly modules_to_save?: readonly string[];
  readonly trainer: (model: VeraModel) => Trainer;
}

const pairs = (own: DPOConfig) => (model: VeraModel) =>
  new DPOTrainer({ model, train_dataset: goldenDpo.examples, args: { ...args, ...own } });
const ratings = (own: KTOConfig) => (model: VeraModel) =>
  new KTOTrainer({ model, train_dataset: goldenKto.examples, args: { ...args, ...own } });

const cases: Readonly<Record<string, Case>> = {
  'pairs, in micro-batches of which the last is shorter': {
    base: 'llama',
    target_modules: ['q_proj', 'v_proj', 'down_proj'],
    trainer: pairs({ beta: 0.5, per_device_train_batch_size: 3, gradient_accumulation_steps: 2 }),
  },
  'pairs, with a head that trains whole at a rate of its own': {
    base: 'llama',
    target_modules: ['q_proj', 'v_proj'],
    modules_to_save: ['lm_head'],
    trainer: pairs({ headLearningRate: 0.003, per_device_train_batch_size: 4 }),
  },
  'pairs by ipo': {
    base: 'qwen2',
    target_modules: ['q_proj', 'v_proj'],
    trainer: pairs({ loss_type: 'ipo', beta: 1, per_device_train_batch_size: 2, gradient_checkpointing: true }),
  },
  'ratings, in micro-batches of which the last is shorter': {
    base: 'llama',
    target_modules: ['q_proj', 'v_proj'],
    trainer: ratings({
      beta: 0.4,
      desirable_weight: 1.5,
      per_device_train_batch_size: 2,
      gradient_accumulation_steps: 2,
    }),
  },
};

async function load({ base, target_modules, modules_to_save }: Case): Promise<VeraModel> {
  const whole = modules_to_save && { modules_to_save: [...modules_to_save] };
  const config = { r: 4, target_modules: [...target_modules], ...whole };
  return get_peft_model(await loadTexts(opened, base), new VeraConfig(config));
}

/** Copies the base model's folder, and adds the tokenizer of the texts. */
function folderWithTexts(base: string): string {
  const folder = mkdtempSync(join(scratch, 'texts-'));
  cpSync(modelFolder(base), folder, { recursive: true });
  for (const [name, json] of Object.entries(goldenDpo.files)) writeFileSync(join(folder, name), JSON.stringify(json));
  return folder;
}

async function trainHere(one: Case): Promise<Run> {
  const model = await load(one);
  const run = one.trainer(model).train();
  await run;
  const adapter = await model.save_pretrained();
  await model.dispose();
  return { logs: run.state.log_history, adapter };
}

/** Exports a run after some steps, and then stops it. */
async function exportAt(one: Case, step: number): Promise<string> {
  const model = await load(one);
  const trainer = one.trainer(model);
  const run = trainer.train();
  for await (const event of run) if (event.type === 'log' && event.logs.step >= step) break;
  await run.pause();
  const folder = await writeNew(await export_run({ model, trainer }));
  expect(run.state.global_step).toBeLessThan(8);
  await run.stop();
  await model.dispose();
  return folder;
}

describeWithPeft('TRL goes on as the run would have here', () => {
  test.each(Object.keys(cases))('%s', async (name) => {
    const one = cases[name]!;
    const here = await trainHere(one);
    const folder = await exportAt(one, 3);
    expectSuccess(await runPython(folder, ['train.py', '--model', folderWithTexts(one.base)]));
    await expectSame(readOutput(folder), here);
  });
});
