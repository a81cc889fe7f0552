import { afterEach, describe, expect, test, vi } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import {
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  adapters,
  checkpoints,
  estimate,
  export_run,
  get_peft_model,
  labelledFiles,
  models,
  PeftConfig,
  PeftModel,
  Profile,
  probe,
  Session,
  Trainer,
  type TrainRun,
} from '../../../src/index';
import { openDawn } from '../../../src/node/dawn';
import { LearnRun } from '../../../src/page/profile/learning/learn_run';
import { ProfileLearning } from '../../../src/page/profile/learning/learning';
import type { LearningProfile } from '../../../src/page/profile/learning/learning_profile';
import { modelInfo, openSession, veraInfo } from './open_session';

afterEach(() => void vi.unstubAllGlobals());

const config = new VeraConfig({ r: 4, target_modules: ['q_proj'] });
const files = { 'adapter_config.json': new Blob(['{}']), 'adapter_model.safetensors': new Blob([Uint8Array.of(1)]) };

async function opened() {
  const { session, fake } = await openSession(() => ({
    loadModel: async () => modelInfo,
    createAdapters: async (_model, name, fields) => veraInfo({ [name]: fields }, [name]),
  }));
  const base = await AutoModelForCausalLM.from_pretrained('org/name', { session });
  const model = await get_peft_model(base, config);
  const { tokenizer } = model;
  if (tokenizer === undefined) throw new Error('the model has a tokenizer');
  const train_dataset = [{ text: 'a' }];
  const eval_dataset = train_dataset;
  const trainer = new Trainer({ model, train_dataset, eval_dataset });
  return { session, fake, base, model, tokenizer, train_dataset, trainer };
}

/** Starts a run, and ignores its rejection when the session closes. */
function run(trainer: Trainer): TrainRun {
  const going = trainer.train();
  going.catch(() => {});
  return going;
}

/** A null that TypeScript rejects and JavaScript allows. */
const none = null as never;
type Scene = Awaited<ReturnType<typeof opened>>;

describe('null in place of options is refused like any other wrong argument', () => {
  test.each<[string, (scene: Scene) => unknown]>([
    ['Session.open', () => Session.open(none)],
    ['probe', () => probe(none)],
    ['estimate', () => estimate('org/name', none)],
    ['AutoTokenizer.from_pretrained', () => AutoTokenizer.from_pretrained('org/name', none)],
    ['AutoModelForCausalLM.from_pretrained', () => AutoModelForCausalLM.from_pretrained('org/name', none)],
    [
      'AutoModelForSequenceClassification.from_pretrained',
      () => AutoModelForSequenceClassification.from_pretrained('org/name', none),
    ],
    [
      'AutoModelForImageClassification.from_pretrained',
      () => AutoModelForImageClassification.from_pretrained('org/name', none),
    ],
    ['PeftConfig.from_pretrained', () => PeftConfig.from_pretrained('org/name', none)],
    ['adapters.list', () => adapters.list(none)],
    ['adapters.get', () => adapters.get('a', none)],
    ['adapters.import', () => adapters.import(files, 'a', none)],
    ['adapters.rename', () => adapters.rename('a', 'b', none)],
    ['adapters.delete', () => adapters.delete('a', none)],
    ['adapters.persist', () => adapters.persist(none)],
    ['adapters.wipe', () => adapters.wipe(none)],
    ['checkpoints.list', () => checkpoints.list(none)],
    ['checkpoints.delete', () => checkpoints.delete('a', none)],
    ['models.list', () => models.list(none)],
    ['models.is_cached', () => models.is_cached('org/name', none)],
    ['models.verify', () => models.verify('org/name', none)],
    ['models.clear_cache', () => models.clear_cache('org/name', none)],
    ['Profile.list', () => Profile.list(none)],
    ['Profile.open', ({ base }) => Profile.open(base, 'a', none)],
    ['Profile.import', ({ base }) => Profile.import(base, new Map(), 'a', none)],
    ['Profile.forget', () => Profile.forget('a', none)],
    ['generate', ({ model }) => model.generate('a', none)],
    ['generate_batch', ({ model }) => model.generate_batch(['a'], none)],
    ['predict', ({ model }) => model.predict('a', none)],
    ['predict_batch', ({ model }) => model.predict_batch(['a'], none)],
    ['preview', ({ model }) => model.preview('a', none)],
    ['export_model', ({ model }) => model.export_model(none)],
    ['forward', ({ model }) => model.forward(none)],
    ['save_pretrained', ({ model }) => model.save_pretrained(none)],
    ['save_as_lora', ({ model }) => model.save_as_lora(none)],
    ['state_dict', ({ model }) => model.state_dict(none)],
    ['encode', ({ tokenizer }) => tokenizer.encode('a', none)],
    ['decode', ({ tokenizer }) => tokenizer.decode([1], none)],
    ['apply_chat_template', ({ tokenizer }) => tokenizer.apply_chat_template([], none)],
    ['new Trainer', () => new Trainer(none)],
    ['new Trainer with args', ({ model, train_dataset }) => new Trainer({ model, train_dataset, args: none })],
    ['train', ({ trainer }) => trainer.train(none)],
    ['train with a signal that is none', ({ trainer }) => trainer.train({ signal: none })],
    ['evaluate', ({ trainer }) => trainer.evaluate(none)],
    ['stop', ({ trainer }) => run(trainer).stop(none)],
    ['learn', () => new ProfileLearning({} as LearningProfile, () => {}).learn(none)],
    ['stop of a profile’s run', () => new LearnRun(() => new Promise(() => {})).stop(none)],
    ['export_run', ({ model, trainer }) => export_run({ model, trainer }, none)],
    ['get_peft_model with no config', ({ base }) => get_peft_model(base, none)],
    ['get_peft_model', ({ base }) => get_peft_model(base, config, 'a', none)],
    ['add_adapter', ({ model }) => model.add_adapter('a', config, none)],
    ['new VeraConfig', () => new VeraConfig(none)],
    ['VeraConfig.from_json', () => VeraConfig.from_json(none)],
    ['labelledFiles', () => labelledFiles(none)],
    ['openDawn', () => openDawn(none)],
  ])('%s', async (_, call) => {
    vi.stubGlobal('Worker', undefined);
    const scene = await opened();
    const error = await (async () => call(scene))().then(
      () => 'no error',
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'WebVeraError', message: expect.stringMatching(/expected|VeRA/i) });
    expect(
      scene.fake.calls.filter(({ name }) => !['open', 'loadModel', 'createAdapters', 'train'].includes(name)),
    ).toEqual([]);
    await scene.session.close();
  });

  test("this library doesn't check event listeners", async () => {
    const { session, fake } = await opened();
    const heard = new Promise((resolve) => session.addEventListener('warning', resolve, none));
    fake.emit({ type: 'warning', code: 'odd', message: 'as told' });
    expect(await heard).toMatchObject({ code: 'odd' });
    await session.close();
  });

  test.each<[string, (scene: Scene) => unknown, string]>([
    [
      'from_pretrained(model, source, null)',
      ({ base }) => PeftModel.from_pretrained(base, files, none),
      'loadAdapters',
    ],
    ['load_adapter(source, name, null)', ({ model }) => model.load_adapter(files, 'a', none), 'loadAdapter'],
    ['merge_adapter(null)', ({ model }) => model.merge_adapter(none), 'mergeAdapters'],
  ])('%s is as in PEFT', async (_, call, name) => {
    const scene = await opened();
    await expect(Promise.resolve(call(scene))).rejects.toMatchObject({ message: `${name} is not scripted` });
    await scene.session.close();
  });
});
