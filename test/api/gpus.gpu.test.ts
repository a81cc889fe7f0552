// Tests the kernels that are chosen for GPUs, on this machine's software device, which reports that it is a GPU.
import { afterAll, describe, expect, test } from 'vitest';
import { VeraModel } from '../../src/index';
import { idsOf } from '../helpers/generated_ids';
import { goldenAdapter, goldenCase, goldenTensors, largestDifference, tokensOf } from '../helpers/golden/golden';
import { expectGoldenTraining } from '../helpers/golden/golden_training';
import { GPU, INTEL, UNNAMED } from '../helpers/gpu/devices';
import { ofRing } from '../helpers/ring';
import { loadBase, loadVera, openTestSession } from '../helpers/session/session';

const cases = ['llama_qvud_big', 'llama_bf16_mid', 'gpt2_all_mid', 'opt_postnorm_mid'];

const all = ['linear/workgroup_small', 'linear/row', 'attention/workgroup'];

/** Two of Intel's kernels differ from those of other GPUs. `npm test` runs them in one case only. */
const ofIntel = ofRing(cases, { test: (name) => name === 'gpt2_all_mid' });

const devices = [
  ['a GPU', GPU, ofRing(cases), [...all, 'vera_lambda_backward/workgroup', 'attention_backward/workgroup']],
  [
    'an Intel GPU',
    INTEL,
    ofIntel,
    [...all, 'vera_lambda_backward/workgroup_oblong', 'attention_backward/workgroup_apart'],
  ],
  [
    'a GPU that nobody knows',
    UNNAMED,
    ofRing(cases.slice(0, 1)),
    [...all, 'vera_lambda_backward/workgroup_least', 'attention_backward/workgroup_apart'],
  ],
] as const;

describe.each(devices.filter(([, , names]) => names.length > 0))(
  '%s computes what PEFT does',
  async (_, info, names, kernels) => {
    const opened = await openTestSession({}, { info });
    afterAll(() => opened.session.close());

    describe.each(names)('%s', async (name) => {
      const { expect: expected, inputs, tolerance } = goldenCase(name);
      const base = await loadBase(opened, name);

      test('forward, and the greedy continuation', async () => {
        const vera = await VeraModel.from_pretrained(base, goldenAdapter(name, 'adapter'));
        const { logits, loss } = await vera.forward(inputs.batch);
        expect(Math.abs(loss! - expected.random.loss)).toBeLessThanOrEqual(tolerance.loss_abs);
        const isToken = tokensOf(inputs.batch, Number(base.config.vocab_size));
        const reference = goldenTensors(name).get('random.logits')!;
        expect(largestDifference(logits.data, reference, isToken)).toBeLessThanOrEqual(tolerance.logits_abs);

        const { prompt, continuation } = expected.random.greedy;
        const options = { max_new_tokens: continuation.length, eos_token_id: null };
        const tokens = await idsOf(vera.generate(prompt, options));
        expect(tokens).toEqual(continuation);
      });

      test('training', async () => {
        const training = expected.train.find(
          ({ start, normalise }) => start === 'init' && normalise !== 'mean_of_means',
        )!;
        await expectGoldenTraining(await loadVera(opened, name), name, training);
      });
    });

    test('with the kernels of its table', () => {
      expect(opened.pipelines).toEqual(expect.arrayContaining([...kernels]));
      expect(opened.pipelines.filter((label) => /\/(subgroup|serial|held|row_serial)$/.test(label))).toEqual([]);
    });
  },
);
