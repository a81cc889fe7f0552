import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type AdapterFiles,
  adapters,
  get_peft_model,
  type PreTrainedModel,
  type StepLogs,
  Trainer,
  VeraConfig,
  VeraModel,
  type WarningEvent,
} from '../../src/index';
import { loadTiny, tinyRow, tinyVera } from '../helpers/models/tiny_llama';
import { bytesOf, openTestSession, type TestSession } from '../helpers/session/session';

const input_ids = [tinyRow(12, 4).input_ids];
const other = new VeraConfig({ r: 4, target_modules: 'all-linear', projection_prng_key: 7, save_projection: false });

let opened: TestSession;
let base: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  base = await loadTiny(opened);
});
afterAll(() => opened.session.close());

const logitsOf = async (model: PreTrainedModel) => [...(await model.forward({ input_ids })).logits.data];
const same = async (files: AdapterFiles | undefined, wanted: AdapterFiles) => {
  for (const name of ['adapter_config.json', 'adapter_model.safetensors'] as const) {
    expect(await bytesOf(files![name])).toEqual(await bytesOf(wanted[name]));
  }
};

async function train(model: VeraModel, max_steps: number): Promise<StepLogs[]> {
  const args = { max_steps, learning_rate: 0.05, lr_scheduler_type: 'constant' } as const;
  const run = new Trainer({ model, args, train_dataset: [tinyRow(30)] }).train();
  const logs: StepLogs[] = [];
  for await (const event of run) if (event.type === 'log') logs.push(event.logs);
  return logs;
}

test('several adapters on one model: each its own results, trained and switched one by one', async () => {
  const plain = await logitsOf(base);
  const model = await get_peft_model(base, tinyVera, 'first');
  await model.add_adapter('second', other);
  expect([model.active_adapters, Object.keys(model.peft_config)]).toEqual([['first'], ['first', 'second']]);
  await train(model, 2);
  const first = await logitsOf(model);
  await model.set_adapter('second');
  expect(await logitsOf(model)).toEqual(plain);
  await train(model, 2);
  const second = await logitsOf(model);
  expect(second).not.toEqual(plain);
  expect(second).not.toEqual(first);
  await model.set_adapter('first');
  expect(await logitsOf(model)).toEqual(first);
  expect(await model.disable_adapter(() => logitsOf(model))).toEqual(plain);
  expect(await logitsOf(base)).toEqual(plain);

  await model.delete_adapter('first');
  expect(model.active_adapters).toEqual(['second']);
  expect(opened.warnings).toContain('active_adapter_deleted');
  expect(await logitsOf(model)).toEqual(second);
});

test('disabled adapters are enabled when the body fails, and after the last of several bodies', async () => {
  const model = await get_peft_model(base, tinyVera);
  await train(model, 2);
  const [adapted, plain] = [await logitsOf(model), await logitsOf(base)];
  const oops = new Error('oops');
  await expect(model.disable_adapter(() => Promise.reject(oops))).rejects.toBe(oops);
  expect(await logitsOf(model)).toEqual(adapted);
  const both = [0, 1].map((wait) =>
    model.disable_adapter(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10 * wait));
      return logitsOf(model);
    }),
  );
  expect(await Promise.all(both)).toEqual([plain, plain]);
  expect(await logitsOf(model)).toEqual(adapted);
});

test('an adapter that is loaded from its files trains on as before', async () => {
  const model = await get_peft_model(base, other);
  await train(model, 3);
  const files = await model.save_pretrained();
  const loaded = await VeraModel.from_pretrained(base, files, { is_trainable: true });
  expect(await logitsOf(loaded)).toEqual(await logitsOf(model));
  await same(await loaded.save_pretrained(), files);
  // Both runs begin with a new optimizer.
  const [one, two] = [await train(model, 3), await train(loaded, 3)];
  expect(two.map(({ loss }) => loss)).toEqual(one.map(({ loss }) => loss));
  await same(await loaded.save_pretrained(), await model.save_pretrained());
});

test('an adapter is stored by id, and loaded from there', async () => {
  const { session } = opened;
  const model = await get_peft_model(base, tinyVera);
  await train(model, 1);
  const files = await model.save_pretrained({ id: 'mine' });
  const [info] = await adapters.list({ session });
  expect(info).toMatchObject({ id: 'mine', base_model: null });
  expect(info?.config).toEqual(new VeraConfig({ ...tinyVera, inference_mode: true }));
  await same(await adapters.get('mine', { session }), files);
  const loaded = await VeraModel.from_pretrained(base, { id: 'mine' });
  expect(await logitsOf(loaded)).toEqual(await logitsOf(model));
  await adapters.rename('mine', 'ours', { session });
  expect(await adapters.list({ session })).toEqual([{ ...info, id: 'ours' }]);
  await same(await adapters.get('ours', { session }), files);
  await adapters.rename('ours', 'mine', { session });
  await adapters.delete('mine', { session });
  expect(await adapters.list({ session })).toEqual([]);
  await expect(VeraModel.from_pretrained(base, { id: 'mine' })).rejects.toMatchObject({ code: 'not_found' });
});

test('rounded projections give other results', async () => {
  const [exact, half] = await Promise.all(
    ([undefined, 'bfloat16'] as const).map(async (projection_dtype) => {
      const model = await get_peft_model(base, tinyVera, 'default', projection_dtype ? { projection_dtype } : {});
      await train(model, 2);
      return logitsOf(model);
    }),
  );
  expect(half).not.toEqual(exact);
});

test('a target that matches nothing, beside others that do, gives a warning and is ignored', async () => {
  const heard: string[] = [];
  const stop = new AbortController();
  const listen = ({ code, message }: WarningEvent): number => heard.push(`${code}: ${message}`);
  opened.session.addEventListener('warning', listen, { signal: stop.signal });
  const model = await get_peft_model(base, new VeraConfig({ r: 4, target_modules: ['q_proj', 'vproj'] }));
  const message = `target_modules: no module of the model matches "vproj". Did you mean 'v_proj'?`;
  expect(heard).toEqual([`unmatched_target: ${message}`]);
  expect(model.get_layer_status().map(({ name }) => name.split('.').at(-1))).toEqual(['q_proj', 'q_proj']);
  await VeraModel.from_pretrained(base, await model.save_pretrained());
  expect(heard).toHaveLength(1);
  stop.abort();
});
