import { afterAll, beforeAll, expect, test } from 'vitest';
import { AutoModelForCausalLM, type GenerationConfig, type PreTrainedModel } from '../../src/index';
import { idsOf } from '../helpers/generated_ids';
import { goldenBase } from '../helpers/golden/golden';
import { openTestSession, type TestSession } from '../helpers/session/session';

/** The base model uses other rotary (RoPE) frequencies for texts of more than 8 tokens. */
const PROMPTS = [
  [5, 17, 60],
  [44, 3, 9, 81, 23, 70, 12],
  [7, 8, 9, 10, 11, 12, 13, 14],
  [90, 33, 21, 50, 6, 18, 77, 29, 41, 64],
];
const config = { max_new_tokens: 9, eos_token_id: null };

let opened: TestSession;
let model: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  model = await AutoModelForCausalLM.from_pretrained(goldenBase('base/phi3-long'), { session: opened.session });
});
afterAll(() => opened.session.close());

async function alone(prompt: readonly number[], more: GenerationConfig = {}): Promise<number[]> {
  return idsOf(model.generate(prompt, { ...config, ...more }));
}

test('each text of a batch becomes long by itself, and equals the text alone', async () => {
  const expected: number[][] = [];
  for (const prompt of PROMPTS) expected.push(await alone(prompt));
  const made = PROMPTS.map((): number[] => []);
  for await (const { row, token_id } of model.generate_batch(PROMPTS, config)) made[row]?.push(token_id);
  expect(made).toEqual(expected);
});

test('a text that becomes long continues like one that begins long', async () => {
  const [prompt = []] = PROMPTS;
  const drawing = { do_sample: true, seed: 3, repetition_penalty: 1.3 };
  const drawn = await alone(prompt, drawing);
  const rest = await alone([...prompt, ...drawn.slice(0, 7)], { ...drawing, max_new_tokens: 2 });
  expect(rest).toEqual(drawn.slice(7));
});
