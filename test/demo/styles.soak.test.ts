import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  AutoModelForSequenceClassification,
  get_peft_model,
  Profile,
  VeraConfig,
} from '../../src/index';
import { openFolder } from '../../src/node/folder';
import { openTestSession } from '../helpers/session/session';

const demo = new URL('../../demo/', import.meta.url);
const bundled = fileURLToPath(new URL('public/models/prose-1.4M/', demo));
const html = readFileSync(new URL('examples/styles.html', demo), 'utf8');
const texts = new Map(
  [...html.matchAll(/<textarea id="(sea|list|letters)" rows="8">([^<]*)</g)].map(([, name = '', text = '']) => [
    name,
    text,
  ]),
);
const numberIn = (name: string): number => Number(new RegExp(`\\b${name}: ([\\d.]+)`).exec(html)?.[1]);

const prompts = ['In the morning', 'The old man', 'We'];
const seeds = [0, 1, 2, 3];

test('the styles example writes in styles that a classifier of its texts distinguishes', async () => {
  const { session } = await openTestSession();
  const names = [...texts.keys()];
  expect(names).toEqual(['sea', 'list', 'letters']);
  const base = await AutoModelForCausalLM.from_pretrained(await openFolder(bundled), { session });
  const id2label = Object.fromEntries(names.map((name, index) => [index, name]));
  const options = { session, id2label, pooling: 'mean' as const };
  const teller = await AutoModelForSequenceClassification.from_pretrained(await openFolder(bundled), options);
  const told = await get_peft_model(teller, new VeraConfig({ r: 8, target_modules: ['q_proj'], task_type: 'SEQ_CLS' }));
  const sentences = [...texts].flatMap(([label, text]) =>
    text.split(/(?<=[.!?])\s+/).map((sentence) => ({ text: sentence, label })),
  );
  await told.fit_head(sentences, { max_length: 64 });

  const args = { max_steps: numberIn('max_steps'), max_length: 64, learning_rate: numberIn('learning_rate') };
  const config = {
    max_new_tokens: numberIn('max_new_tokens'),
    do_sample: true,
    temperature: numberIn('temperature'),
    repetition_penalty: numberIn('repetition_penalty'),
  };
  let right = 0;
  for (const [name, text] of texts) {
    const profile = await Profile.open(base, name, { peft_config: { r: 64 } });
    await profile.add(text.split('\n').map((line) => ({ text: line })));
    await profile.learn({ args });
    for (const prompt of prompts) {
      for (const seed of seeds) {
        const written = await profile.generate(prompt, { ...config, seed });
        const [best] = await told.predict(prompt + String(written));
        right += Number(best?.label === name);
      }
    }
  }
  expect(right / (texts.size * prompts.length * seeds.length)).toBeGreaterThanOrEqual(0.8);
  await session.close();
}, 900_000);
