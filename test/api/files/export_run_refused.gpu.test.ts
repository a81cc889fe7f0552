import { expect, test } from 'vitest';
import { DPOTrainer, export_run, get_peft_model, KTOTrainer, Trainer, VeraConfig, VeraModel } from '../../../src/index';
import { goldenDpo, goldenKto, loadTexts } from '../../helpers/golden/golden_preferences';
import { loadTiny, loadTinyVera } from '../../helpers/models/tiny_llama';
import { tinyTrainer } from '../../helpers/models/tiny_training';
import { resumedAdapter, resumedRows } from '../../helpers/session/resumed_run';
import { openTestSession, type TestSession, within } from '../../helpers/session/session';

const opened = await openTestSession();

async function withHead(one: TestSession): Promise<VeraModel> {
  return get_peft_model(await loadTexts(one), new VeraConfig({ r: 4, target_modules: ['q_proj', 'lm_head'] }));
}

test.each<[string, (one: TestSession) => Promise<unknown>, RegExp]>([
  [
    'nothing',
    () => export_run(undefined as never),
    /export_run: expected an object with model and trainer, got undefined/,
  ],
  [
    'no trainer',
    async (one) => export_run({ model: await loadTinyVera(one) } as never),
    /export_run: trainer: expected a Trainer, got undefined/,
  ],
  [
    'a base model',
    async (one) => export_run({ model: await loadTiny(one), trainer: {} } as never),
    /export_run: model: expected a model with adapters, got a PreTrainedModel/,
  ],
  [
    'a trainer of another model',
    async (one) => {
      const [model, other] = [await loadTinyVera(one), await loadTinyVera(one)];
      return export_run({ model, trainer: tinyTrainer(other) });
    },
    /export_run: expected a Trainer of the model that is given, got one of another/,
  ],
  [
    'another session',
    async (one) => {
      const model = await loadTinyVera(one);
      return within({}, ({ session }) => export_run({ model, trainer: tinyTrainer(model) }, { session }));
    },
    /export_run: session: expected the model's own session, got a Session/,
  ],
  [
    'two active adapters',
    async (one) => {
      const model = await loadTinyVera(one);
      await model.add_adapter('beside', new VeraConfig(resumedAdapter));
      await model.set_adapter(['default', 'beside']);
      return export_run({ model, trainer: tinyTrainer(model) });
    },
    /export_run: expected a run with one active adapter, got 2: default, beside/,
  ],
  [
    'an adapter that was loaded for inference',
    async (one) => {
      const base = await loadTiny(one);
      const files = await (await get_peft_model(base, new VeraConfig(resumedAdapter))).save_pretrained();
      const model = await VeraModel.from_pretrained(base, files);
      return export_run({ model, trainer: tinyTrainer(model) });
    },
    /expected an active adapter that trains, but adapter default was loaded for inference/,
  ],
  [
    'pairs, by an adapter that wraps lm_head',
    async (one) => {
      const model = await withHead(one);
      return export_run({ model, trainer: new DPOTrainer({ model, train_dataset: goldenDpo.examples }) });
    },
    /export_run: expected an adapter that doesn't wrap lm_head, which TRL's trainers refuse/,
  ],
  [
    'ratings, by an adapter that wraps lm_head',
    async (one) => {
      const model = await withHead(one);
      return export_run({ model, trainer: new KTOTrainer({ model, train_dataset: goldenKto.examples }) });
    },
    /export_run: expected an adapter that doesn't wrap lm_head, which TRL's trainers refuse/,
  ],
  [
    'a model that is disposed of',
    async (one) => {
      const model = await loadTinyVera(one);
      const trainer = new Trainer({ model, train_dataset: resumedRows });
      await model.dispose();
      return export_run({ model, trainer });
    },
    /Expected a live model, got one that is disposed of/,
  ],
])('refuses %s', async (_, attempt, message) => {
  await expect(attempt(opened)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(message),
  });
});

test('refuses a run that has ended without a log or a checkpoint', async () => {
  const model = await loadTinyVera(opened);
  const trainer = tinyTrainer(model, { args: { max_steps: 2, logging_steps: 10, save_strategy: 'no' } });
  await trainer.train();
  await expect(export_run({ model, trainer })).rejects.toMatchObject({
    code: 'not_found',
    message: 'export_run: expected a run whose state was kept, got one without a checkpoint',
  });
});

test('it can be aborted', async () => {
  const model = await loadTinyVera(opened);
  const signal = AbortSignal.abort('never mind');
  await expect(export_run({ model, trainer: tinyTrainer(model) }, { signal })).rejects.toBe('never mind');
});
