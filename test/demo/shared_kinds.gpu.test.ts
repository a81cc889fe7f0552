import { expect, test } from 'vitest';
import { fromFragment, toFragment } from '../../demo/src/write/share/link';
import { filesFrom, sharedFrom } from '../../demo/src/write/share/voice_files';
import { get_peft_model, IA3Config, PeftModel, UniLoraConfig, VeraConfig } from '../../src/index';
import { largestDifference } from '../helpers/golden/golden';
import { loadTiny } from '../helpers/models/tiny_llama';
import { tinyTrainer } from '../helpers/models/tiny_training';
import { within } from '../helpers/session/session';

const base_model_name_or_path = 'tiny';

test.each([
  new VeraConfig({ base_model_name_or_path, r: 4, target_modules: ['q_proj'], save_projection: false }),
  new UniLoraConfig({ base_model_name_or_path, target_modules: 'all-linear', theta_d_length: 64 }),
  new IA3Config({ base_model_name_or_path }),
])('an adapter of $peft_type computes the same after a link, to float16', async (config) => {
  await within({}, async (opened) => {
    const input = { input_ids: [[3, 4, 5, 6, 7]] };
    const base = await loadTiny(opened);
    const plain = await base.forward(input);
    const model = await get_peft_model(base, config);
    await tinyTrainer(model, { args: { max_steps: 3, learning_rate: 0.05, save_strategy: 'no' } }).train();
    const learnt = await model.forward(input);
    const voice = await sharedFrom(await model.save_pretrained(), 'ada', '');
    await model.unload();
    const linked = await fromFragment(await toFragment(voice));
    const again = await PeftModel.from_pretrained(base, filesFrom(linked ?? voice));
    const read = await again.forward(input);
    const change = largestDifference(learnt.logits.data, plain.logits.data);
    // A link stores float16 values, with eleven significant bits, and the rounding errors of several layers add up.
    expect(largestDifference(read.logits.data, learnt.logits.data)).toBeLessThan(0.02 * change);
  });
});
