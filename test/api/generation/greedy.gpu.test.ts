import { afterAll, beforeAll, expect, test } from 'vitest';
import { AutoModelForCausalLM, type PreTrainedModel } from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { goldenBase } from '../../helpers/golden/golden';
import { goldenBases, isDecoder } from '../../helpers/golden/golden_index';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const PROMPT = [5, 17, 60, 3, 44];
/** The number of new tokens that fit into the models' contexts. */
const NEW = 34;

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

/** Returns the most likely next tokens, each computed from all tokens before it. */
async function recomputed(model: PreTrainedModel): Promise<number[]> {
  const ids = [...PROMPT];
  while (ids.length < PROMPT.length + NEW) {
    const { dims, data } = (await model.forward({ input_ids: [ids] })).logits;
    const last = data.subarray(-(dims.at(-1) ?? 0));
    ids.push(last.indexOf(last.reduce((most, logit) => Math.max(most, logit))));
  }
  return ids.slice(PROMPT.length);
}

const bases = goldenBases((entry) => isDecoder(entry) && entry.dtype === 'float32');

test.each(bases)('%s: generation with caches equals passes over all tokens', async (base) => {
  const model = await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${base}`), { session: opened.session });
  const config = { max_new_tokens: NEW, eos_token_id: null };
  const generated = await idsOf(model.generate(PROMPT, config));
  expect(generated).toHaveLength(NEW);
  expect(generated).toEqual(await recomputed(model));
  await model.dispose();
});

test('lfm2: texts of several lengths at once equal each alone, also those shorter than a convolution', async () => {
  const model = await AutoModelForCausalLM.from_pretrained(goldenBase('base/lfm2'), { session: opened.session });
  const config = { max_new_tokens: 8, eos_token_id: null };
  const prompts = [PROMPT, PROMPT.slice(0, 1), PROMPT.slice(1, 3), [...PROMPT, ...PROMPT]];
  const alone = prompts.map((prompt) => idsOf(model.generate(prompt, config)));
  const together = prompts.map((): number[] => []);
  for await (const { row, token_id } of model.generate_batch(prompts, config)) together[row]?.push(token_id);
  expect(together).toEqual(await Promise.all(alone));
  await model.dispose();
});
