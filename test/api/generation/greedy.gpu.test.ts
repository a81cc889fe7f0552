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

test.each(bases)('%s: generation with a cache of keys and values equals passes over all tokens', async (base) => {
  const model = await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${base}`), { session: opened.session });
  const config = { max_new_tokens: NEW, eos_token_id: null };
  const generated = await idsOf(model.generate(PROMPT, config));
  expect(generated).toHaveLength(NEW);
  expect(generated).toEqual(await recomputed(model));
  await model.dispose();
});
