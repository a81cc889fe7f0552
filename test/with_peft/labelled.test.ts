import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { AutoModelForSequenceClassification, Profile } from '../../src/index';
import { openFolder } from '../../src/node/folder';
import { openTestSession } from '../helpers/session/session';
import { Folders } from './lib/folders';
import { describeWithPeft, Peft } from './lib/peft';

const bundled = fileURLToPath(new URL('../../demo/public/models/prose-1.4M/', import.meta.url));
const spam = ['Win a free prize now', 'Claim your prize today', 'Cheap pills for sale', 'Earn money fast'];
const ham = ['See you at lunch', 'The meeting is at three', 'Mum is late', 'I left my keys'];
const unseen = ['Claim a free reward', 'Lunch is late today', 'Money'];

describeWithPeft('a profile that learnt from labelled messages', () => {
  test('opens in Python, refined and again after a rollback, with the same scores', async () => {
    const opened = await openTestSession();
    const peft = new Peft();
    const folders = new Folders();
    const id2label = { 0: 'not spam', 1: 'spam' };
    const options = { session: opened.session, id2label };
    const model = await AutoModelForSequenceClassification.from_pretrained(await openFolder(bundled), options);
    const base = folders.make();
    copyFileSync(join(bundled, 'model.safetensors'), join(base, 'model.safetensors'));
    writeFileSync(join(base, 'config.json'), JSON.stringify(model.config));

    const args = { max_steps: 3, per_device_train_batch_size: 4, max_length: 32, learning_rate: 0.1 };
    const peft_config = { r: 8, target_modules: ['q_proj', 'v_proj'] };
    const profile = await Profile.open(model, 'messages', { peft_config, args });
    await profile.add(
      spam.flatMap((text, index) => [
        { text, label: 1 },
        { text: ham[index]!, label: 0 },
      ]),
    );

    const expectSame = async () => {
      const adapter = await folders.write(
        [...(await profile.export())].filter(([name]) => name.startsWith('adapter_')),
      );
      for (const text of unseen) {
        const input_ids = [await model.tokenizer!.encode(text)];
        const attention_mask = input_ids.map((row) => row.map(() => 1));
        const { logits } = await peft.forward({ base, adapter, batch: { input_ids, attention_mask, labels: [0] } });
        const powers = logits.map((logit) => Math.exp(logit));
        const scores = powers.map((power) => power / powers.reduce((sum, one) => sum + one));
        for (const { label, score } of await profile.predict(text)) {
          expect(Math.abs(score - scores[label === 'spam' ? 1 : 0]!)).toBeLessThan(1e-5);
        }
      }
    };
    try {
      await profile.learn({ method: 'instant' });
      await expectSame();
      await profile.learn();
      await expectSame();
      await profile.learn({ method: 'refine' });
      await expectSame();
      await profile.rollback();
      await expectSame();
    } finally {
      peft.close();
      await opened.session.close();
    }
  });
});
