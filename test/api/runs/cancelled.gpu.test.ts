import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AdapterFiles,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { eventually } from '../../helpers/eventually';
import { loadTiny, tinyRow, tinyVera } from '../../helpers/models/tiny_llama';
import { expectToTrain, tinyTrainer } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
let base: PreTrainedModel;
/** The files of a trained adapter. */
let files: AdapterFiles;
const { input_ids } = tinyRow(12, 3);

beforeAll(async () => {
  opened = await openTestSession();
  base = await loadTiny(opened);
  const model = await learnt();
  files = await model.save_pretrained();
  await model.set_adapter('default');
});
afterAll(() => opened.session.close());

async function learnt(): Promise<VeraModel> {
  const model = await get_peft_model(base, tinyVera);
  await tinyTrainer(model, { args: { max_steps: 2, learning_rate: 0.1 } }).train();
  return model;
}

async function logitsOf(model: PreTrainedModel): Promise<Float32Array> {
  return (await model.forward({ input_ids: [input_ids] })).logits.data;
}

interface Change {
  /** Makes the model before the change. */
  begin(): Promise<VeraModel>;
  /** Changes the model, and resolves with the changed model. */
  run(model: VeraModel, options: { signal?: AbortSignal }): Promise<PreTrainedModel>;
}

async function mergeInto(model: VeraModel, options: { signal?: AbortSignal }): Promise<PreTrainedModel> {
  await model.merge_adapter({ ...options, adapter_names: ['default'] });
  return model;
}

const changes: Record<string, Change> = {
  merge_adapter: { begin: learnt, run: mergeInto },
  'merge_adapter, safely': {
    begin: learnt,
    run: (model, options) => mergeInto(model, { ...options, safe_merge: true } as object),
  },
  'merge_adapter over another': {
    async begin() {
      const model = await learnt();
      await model.load_adapter(files, 'other');
      await model.merge_adapter({ adapter_names: ['other'] });
      return model;
    },
    run: mergeInto,
  },
  merge_and_unload: { begin: learnt, run: (model, options) => model.merge_and_unload(options) },
  'merge_and_unload with a whole module': {
    async begin() {
      const model = await get_peft_model(base, new VeraConfig({ ...tinyVera, modules_to_save: ['lm_head'] }));
      await tinyTrainer(model, { args: { max_steps: 2, learning_rate: 0.1 } }).train();
      return model;
    },
    run: (model, options) => model.merge_and_unload(options),
  },
  load_adapter: {
    begin: learnt,
    async run(model, options) {
      await model.load_adapter(files, 'loaded', options);
      return model;
    },
  },
};

/** Within a turn of the event loop, the call is aborted after one of these numbers of microtasks. */
const WITHIN = [0, 3, 8, 20];
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Returns everything that the page reports about a model. */
function told(model: VeraModel): unknown {
  return [model.get_model_status(), model.get_layer_status(), model.active_adapters, Object.keys(model.peft_config)];
}

/** Expects the worker and the page to agree on merged adapters: the worker warns if there is nothing to unmerge. */
async function expectToAgree(model: VeraModel): Promise<void> {
  const { merged_adapters } = model.get_model_status();
  const warnings = (): number => opened.warnings.filter((code) => code === 'already_unmerged').length;
  const before = warnings();
  await model.unmerge_adapter();
  expect(warnings() - before).toBe(merged_adapters.length === 0 ? 1 : 0);
}

describe.each(Object.entries(changes))('%s that is aborted at any moment', (_, { begin, run }) => {
  test('takes effect, or leaves everything as it was', async () => {
    let model = await begin();
    const before = { told: told(model), logits: await logitsOf(model) };
    const done = await logitsOf(await run(await begin(), {}));
    await logitsOf(model);
    let memory = opened.storageBytes();
    const outcomes = { done: 0, undone: 0 };
    // The call is repeated, each time aborted at a later moment. The intervals grow, because a call takes many turns on a slow machine.
    for (let moment = 0, late = false; !late; moment += 1 + Math.floor(moment / 60)) {
      const controller = new AbortController();
      const reason = new Error(`at moment ${moment}`);
      let isOver = false;
      const running = run(model, { signal: controller.signal }).finally(() => {
        isOver = true;
      });
      running.catch(() => {});
      for (let turn = 0; turn < Math.floor(moment / WITHIN.length) && !isOver; turn++) await nextTurn();
      for (let task = 0; task < (WITHIN[moment % WITHIN.length] ?? 0); task++) await undefined;
      late = isOver;
      controller.abort(reason);
      const after = await running.catch((error: unknown) => {
        expect(error).toBe(reason);
        return undefined;
      });
      outcomes[after === undefined ? 'undone' : 'done'] += 1;
      if (after === undefined) {
        expect(told(model)).toEqual(before.told);
        expect(await logitsOf(model)).toEqual(before.logits);
        await eventually(() => expect(opened.storageBytes()).toBe(memory));
        continue;
      }
      expect(await logitsOf(after)).toEqual(done);
      if (after === model) await expectToAgree(model);
      model = await begin();
      await logitsOf(model);
      memory = opened.storageBytes();
    }
    expect(outcomes.done).toBeGreaterThan(0);
    expect(outcomes.undone).toBeGreaterThan(WITHIN.length);
    await expectToAgree(model);
    await expectToTrain(model);
  });
});

test('a progressbar that throws, at the last weight too, leaves everything as it was', async () => {
  const model = await learnt();
  const before = { told: told(model), logits: await logitsOf(model), memory: opened.storageBytes() };
  let weights = 1;
  for (let at = 1; at <= weights; at++) {
    const slip = new Error(`at ${at}`);
    const merging = model.merge_and_unload({
      progressbar(done, total) {
        weights = total;
        if (done === at) throw slip;
      },
    });
    await expect(merging).rejects.toBe(slip);
    expect(told(model)).toEqual(before.told);
    expect(await logitsOf(model)).toEqual(before.logits);
    await eventually(() => expect(opened.storageBytes()).toBe(before.memory));
  }
  expect(weights).toBeGreaterThan(1);
  await expectToAgree(model);
  await expectToTrain(model);
  await (await model.merge_and_unload()).forward({ input_ids: [input_ids] });
});
