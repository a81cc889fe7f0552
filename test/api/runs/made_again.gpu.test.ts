import { expect, test } from 'vitest';
import { type AdapterOptions, VeraConfig, type VeraConfigInit } from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { tinyRows, tinyTrainer } from '../../helpers/models/tiny_training';
import { at, begin, losing, recoveries } from '../../helpers/session/losing_runs';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedAdapter } from '../../helpers/session/resumed_run';
import { within } from '../../helpers/session/session';

oneBrowser();

const kinds: Readonly<Record<string, [VeraConfigInit, AdapterOptions?]>> = {
  'with A and B in its file': [{}],
  'with A and B from their key': [{ save_projection: false }],
  'with rounded A and B': [{ save_projection: false }, { projection_dtype: 'bfloat16' }],
  'with trained biases': [{ bias: 'all' }],
  'with a whole module': [{ modules_to_save: ['lm_head'] }],
  'without initial weights': [{ init_weights: false }],
};

test.each(Object.entries(kinds))(
  "a model that is revived %s has each adapter's earlier values, to the bit",
  async (_, [config, options]) => {
    await within({}, async (opened) => {
      const { model } = await begin(opened, {}, config, options);
      if (config.bias === undefined) {
        await model.add_adapter('still', new VeraConfig(resumedAdapter), { is_trainable: false });
      }
      await tinyTrainer(model, { args: { max_steps: 2 } }).train();
      const names = Object.keys(model.peft_config);
      const state = async () => ({
        files: await Promise.all(
          names.map(async (adapter_name) => {
            const files = await model.save_pretrained({ adapter_name });
            return [await files['adapter_config.json'].text(), await files['adapter_model.safetensors'].arrayBuffer()];
          }),
        ),
        active: model.active_adapters,
        logits: (await model.forward({ input_ids: [tinyRows[0]!.input_ids] })).logits.data,
        status: model.get_model_status(),
      });
      const before = await state();
      const run = tinyTrainer(model, { args: { max_steps: 3, learning_rate: 0 } }).train();
      await losing(opened, run, at(1));
      expect(recoveries(await toArray(run))).toHaveLength(1);
      await run;
      expect(await state()).toEqual(before);
    });
  },
);
