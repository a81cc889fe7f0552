import { describe, expect, test } from 'vitest';
import { AutoModelForCausalLM, Trainer, type VeraModel } from '../../../src/index';
import { loadTinyVera, tinyFiles, tinyVera } from '../../helpers/models/tiny_llama';
import { expectToTrain, tinyRows, tinyTrainer } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { type TestSession, within } from '../../helpers/session/session';

oneBrowser();

const inputs = { input_ids: [tinyRows[0]!.input_ids] };
const lost = { code: 'device_lost', hint: 'Load the model again.', retryable: true };

/** A data set that never yields a row: the device is lost at its first request. */
async function* stuck(opened: TestSession) {
  opened.lose('the driver crashed');
  await new Promise(() => {});
  yield tinyRows[0]!;
}

/** Work that is in progress when the device is lost. */
const moments: Readonly<Record<string, (opened: TestSession, model: VeraModel) => Promise<unknown>>> = {
  'a model loads': (opened) => {
    const progress_callback = ({ status }: { status: string }) => {
      if (status === 'upload') opened.lose('the driver crashed');
    };
    return AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session, progress_callback });
  },
  'an adapter is added': (opened, model) => {
    opened.loseDuring('popErrorScope', 'the driver crashed');
    return model.add_adapter('second', tinyVera);
  },
  'kernels compile': (opened, model) => {
    opened.loseDuring('createComputePipelineAsync', 'the driver crashed');
    return model.forward(inputs);
  },
  'a text is written': async (opened, model) => {
    const text = model.generate([3, 4], { max_new_tokens: 400, eos_token_id: null });
    for await (const _ of text) opened.lose('the driver crashed');
  },
  'an evaluation waits for its data': async (opened, model) => {
    await new Trainer({ model, train_dataset: tinyRows, eval_dataset: stuck(opened) }).evaluate();
  },
};

describe('a device that is lost', () => {
  test.each(Object.entries(moments))(
    'while %s: that rejects, and the session continues with another',
    async (_, work) => {
      await within({}, async (opened) => {
        const model = await loadTinyVera(opened);
        await expect(work(opened, model)).rejects.toMatchObject({
          ...lost,
          message: expect.stringContaining('crashed'),
        });
        expect(opened.warnings.filter((code) => code === 'device_lost')).toHaveLength(1);
        await expectToTrain(await loadTinyVera(opened));
      });
    },
  );

  test('ends everything that was loaded on it, and nothing that is loaded later', async () => {
    await within({}, async (opened) => {
      const model = await loadTinyVera(opened);
      await expectToTrain(model);
      opened.lose('the driver crashed');
      await expect(model.forward(inputs)).rejects.toMatchObject(lost);
      const anew = await loadTinyVera(opened);
      await expectToTrain(anew);
      for (const work of [
        tinyTrainer(model).train(),
        model.forward(inputs),
        model.add_adapter('second', tinyVera),
        model.save_pretrained(),
      ]) {
        await expect(Promise.resolve(work)).rejects.toMatchObject(lost);
      }
      const { gpu_bytes } = await anew.memory();
      expect(gpu_bytes).toBe(opened.liveBytes());
      await model.dispose();
      expect((await anew.memory()).gpu_bytes).toBe(gpu_bytes);
      await expectToTrain(anew);
      await anew.dispose();
      expect(opened.liveBytes()).toBe(0);
    });
  });
});
