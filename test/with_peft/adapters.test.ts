import { afterAll, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../src/index';
import { goldenBase, goldenCase, largestDifference, tokensOf } from '../helpers/golden/golden';
import { openTestSession } from '../helpers/session/session';
import { families, variants } from './lib/families';
import { basePath, droppedFiles, Folders } from './lib/folders';
import { describeWithPeft, type ForwardAnswer, Peft } from './lib/peft';
import { trainHere } from './lib/training';

const LEARNING = { learning_rate: 1e-2, max_steps: 5 } as const;
const NEW_TOKENS = 6;
/** What PEFT says whenever A and B aren't in the file. */
const ABOUT_THE_KEY = /^Specified to not (save|load) vera_A and vera_B/;

describeWithPeft.each(families)('$golden', async (family) => {
  const golden = goldenCase(family.golden);
  const { batch, train_batches: batches } = golden.inputs;
  const prompt = batch.input_ids[0]!;
  const { losses_abs } = golden.expect.train[0]!.tolerance;
  const opened = await openTestSession();
  const base = await AutoModelForCausalLM.from_pretrained(goldenBase(golden.base), { session: opened.session });
  const peft = new Peft();
  const folders = new Folders();
  const inPeft = basePath(golden.base);
  const isToken = tokensOf(batch, Number(base.config.vocab_size));
  afterAll(async () => {
    peft.close();
    await opened.session.close();
  });

  /** Expects that a model here computes what PEFT says, and that this is not what the base model does. */
  async function expectSame(model: PreTrainedModel, theirs: ForwardAnswer): Promise<void> {
    const plain = await base.forward(batch);
    expect(largestDifference(plain.logits.data, theirs.logits, isToken)).toBeGreaterThan(
      50 * golden.tolerance.logits_abs,
    );
    const { logits, loss } = await model.forward(batch);
    expect(largestDifference(logits.data, theirs.logits, isToken)).toBeLessThanOrEqual(golden.tolerance.logits_abs);
    expect(Math.abs(loss! - theirs.loss)).toBeLessThanOrEqual(golden.tolerance.loss_abs);
    if (theirs.greedy.length > 0) expect(await greedyText(model)).toEqual(theirs.greedy);
  }

  /** Trains both on, from the same adapter, and expects the same losses and the same model. */
  async function expectSameTraining(vera: VeraModel, adapter: string): Promise<void> {
    const out = folders.make();
    const { max_steps, learning_rate } = LEARNING;
    const { losses } = await peft.train({ base: inPeft, adapter, batches, learning_rate, steps: max_steps, out });
    expect(largestDifference(await trainHere(vera, batches, LEARNING), losses)).toBeLessThanOrEqual(losses_abs);
    await expectSame(vera, await forward(out));
  }

  async function greedyText(model: PreTrainedModel): Promise<number[]> {
    const tokens: number[] = [];
    for await (const { token_id } of model.generate(prompt, { max_new_tokens: NEW_TOKENS, eos_token_id: null })) {
      tokens.push(token_id);
    }
    return tokens;
  }

  const forward = (adapter: string, merge = false): Promise<ForwardAnswer> =>
    peft.forward({ base: inPeft, adapter, batch, merge, prompt, new_tokens: NEW_TOKENS });

  describe.each(Object.entries(variants(family)))('%s', (_, variant) => {
    const { fan_in_fan_out = false } = golden.vera_config;
    const { target_modules } = family;
    const config: VeraConfigInit = { r: 8, target_modules, fan_in_fan_out, task_type: 'CAUSAL_LM', ...variant };

    test('an adapter trained here opens in PEFT, computes the same, and goes on learning alike', async () => {
      const vera = await get_peft_model(base, new VeraConfig(config));
      await trainHere(vera, batches, LEARNING);
      const adapter = await folders.write(Object.entries(await vera.save_pretrained()));
      const theirs = await forward(adapter);
      expect(theirs.warnings.filter((warning) => !ABOUT_THE_KEY.test(warning))).toEqual([]);
      await expectSame(vera, theirs);

      await expectSameTraining(vera, adapter);
    });

    test('an adapter trained in PEFT opens here, computes the same, and goes on learning alike', async () => {
      const out = folders.make();
      await peft.train({
        base: inPeft,
        config,
        batches,
        learning_rate: LEARNING.learning_rate,
        steps: LEARNING.max_steps,
        out,
      });
      const vera = await VeraModel.from_pretrained(base, droppedFiles(out), { is_trainable: true });
      await expectSame(vera, await forward(out));

      await expectSameTraining(vera, out);
    });
  });

  test('an adapter as a LoRA opens in PEFT, and computes the same, merged too', async () => {
    const vera = await get_peft_model(base, new VeraConfig({ ...golden.vera_config, bias: 'none' }));
    await trainHere(vera, batches, LEARNING);
    const adapter = await folders.write(Object.entries(await vera.save_as_lora()));
    for (const merge of [false, true]) {
      const theirs = await forward(adapter, merge);
      expect(theirs.peft_type).toBe('LORA');
      await expectSame(vera, theirs);
    }
  });

  test('a merged model opens in transformers, and computes the same', async () => {
    const { train_batches } = golden.inputs;
    const vera = await get_peft_model(base, new VeraConfig({ ...golden.vera_config, modules_to_save: [family.whole] }));
    await trainHere(vera, train_batches, LEARNING);
    const merged = await vera.merge_and_unload();
    const folder = await folders.write(await merged.export_model());
    await expectSame(merged, await peft.forward({ base: folder, batch, prompt, new_tokens: NEW_TOKENS }));
  });
});
