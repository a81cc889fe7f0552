import { describe, expect, test } from 'vitest';
import { type Example, get_peft_model, type StepLogs, Trainer, VeraConfig, VeraModel } from '../../src/index';
import {
  comparableConfig,
  type GoldenBatch,
  type GoldenTraining,
  goldenAdapter,
  goldenCase,
  goldenTensors,
  largestDifference,
} from '../helpers/golden';
import { bytesOf, loadBase, openTestSession, vectorsOf } from '../helpers/session';

const cases = [
  'llama_layer0_small',
  'llama_qvud_big',
  'llama3_tied_mid',
  'llama_bf16_mid',
  'gpt2_all_mid',
  'gpt2_layer1_small',
  'gpt2_bare_notask',
  'opt_left_big',
  'opt_postnorm_mid',
];
/** The API divides by all labelled tokens of a step; the mean of batches' means has no argument. */
const expressible = ({ normalise }: GoldenTraining): boolean => normalise !== 'mean_of_means';

const opened = await openTestSession();

describe.each(cases)('%s', async (name) => {
  const golden = goldenCase(name);
  const tensors = goldenTensors(name);
  const { tolerance, inputs, expect: expected } = golden;
  const mask = inputs.batch.attention_mask.flat();
  const base = await loadBase(opened, name);
  const V = Number(base.config.vocab_size);
  const isToken = (index: number): boolean => mask[Math.floor(index / V)] === 1;

  /** What a forward pass gives, against a figure of the case. */
  async function expectFigure(model: typeof base, figure: 'base' | 'init' | 'random' | 'disabled'): Promise<void> {
    const { logits, loss } = await model.forward(inputs.batch);
    const reference = tensors.get(`${figure}.logits`) ?? tensors.get('base.logits')!;
    expect(logits.dims).toEqual([inputs.batch.input_ids.length, inputs.batch.input_ids[0]!.length, V]);
    expect(largestDifference(logits.data, reference, isToken)).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(Math.abs(loss! - expected[figure].loss)).toBeLessThanOrEqual(tolerance.loss_abs);
  }

  const fresh = () =>
    get_peft_model(base, new VeraConfig({ ...golden.vera_config, base_model_name_or_path: golden.base }));
  const saved = (folder: string, options = {}) => VeraModel.from_pretrained(base, goldenAdapter(name, folder), options);

  test('the base model, alone and under a fresh adapter', async () => {
    await expectFigure(base, 'base');
    const vera = await fresh();
    expect(vera.get_nb_trainable_parameters().trainable).toBe(golden.trainable_parameters);
    const [plain, wrapped] = [await base.forward(inputs.batch), await vera.forward(inputs.batch)];
    expect(largestDifference(wrapped.logits.data, plain.logits.data)).toBe(0);
    await expectFigure(vera, 'init');
  });

  test.each(['adapter', 'adapter_noproj'])('PEFT’s %s: on, off, and beside the base model', async (folder) => {
    const vera = await saved(folder);
    await expectFigure(vera, 'random');
    await vera.disable_adapter(() => expectFigure(vera, 'disabled'));
    await expectFigure(vera, 'random');
    await expectFigure(base, 'base');
    if (folder === 'adapter_noproj') expect(opened.warnings).toContain('projection_drawn');
  });

  test('greedy continuation', async () => {
    const { prompt, continuation } = expected.random.greedy;
    const vera = await saved('adapter');
    const tokens: number[] = [];
    const generation = vera.generate(prompt, { max_new_tokens: continuation.length, eos_token_id: null });
    for await (const { token_id } of generation) tokens.push(token_id);
    expect(tokens).toEqual(continuation);
    expect(await generation).toBe('');
  });

  test.each(['adapter', 'adapter_noproj'])('%s is written as PEFT wrote it', async (folder) => {
    const theirs = goldenAdapter(name, folder).files;
    const ours = await (await saved(folder)).save_pretrained();
    expect(await bytesOf(ours['adapter_model.safetensors'])).toEqual(
      await bytesOf(theirs.get('adapter_model.safetensors')!),
    );
    expect(await configOf(ours['adapter_config.json'])).toEqual(await configOf(theirs.get('adapter_config.json')!));
  });

  test.each(expected.train.filter(expressible).map((training) => [training.id, training] as const))(
    'ten steps through Trainer: %s',
    async (id, training) => {
      const vera = training.start === 'init' ? await fresh() : await saved('adapter', { is_trainable: true });
      const logs = await train(vera, inputs.train_batches, training);
      expect(logs.map(({ step }) => step)).toEqual(training.losses.map((_, index) => index + 1));
      expect(
        largestDifference(
          logs.map(({ loss }) => loss),
          training.losses,
        ),
      ).toBeLessThanOrEqual(training.tolerance.losses_abs);
      // Norms have no tolerance of their own: theirs is that of a gradient.
      expect(
        largestDifference(
          logs.map(({ grad_norm }) => grad_norm),
          training.grad_norms,
        ),
      ).toBeLessThanOrEqual(tolerance.grad_abs);
      // Float64 on both sides: only the last digits may differ.
      expect(
        largestDifference(
          logs.map(({ learning_rate }) => learning_rate),
          training.lrs,
        ),
      ).toBeLessThanOrEqual(1e-15);
      const final = await vectorsOf(await vera.save_pretrained());
      for (const parameter of Object.keys(golden.trainable)) {
        const allowed = training.tolerance.final_abs[parameter] ?? training.tolerance.final_abs_default;
        const reference = tensors.get(`train.${id}.final.${parameter}`)!;
        expect(largestDifference(final.get(parameter)!, reference), parameter).toBeLessThanOrEqual(allowed);
      }
    },
  );
});

/** Runs a case's training. Its steps go through the batches in order, again and again, as epochs do. */
async function train(
  model: VeraModel,
  batches: readonly GoldenBatch[],
  { lr, weight_decay, max_grad_norm, warmup_steps, accumulate, batches: order, steps }: GoldenTraining,
): Promise<StepLogs[]> {
  expect(order.flat()).toEqual(order.flat().map((_, index) => index % batches.length));
  const run = new Trainer({
    model,
    args: {
      per_device_train_batch_size: batches[0]!.input_ids.length,
      gradient_accumulation_steps: accumulate ?? 1,
      max_steps: steps,
      learning_rate: lr,
      lr_scheduler_type: warmup_steps === undefined ? 'constant' : 'linear',
      warmup_steps: warmup_steps ?? 0,
      weight_decay,
      max_grad_norm: max_grad_norm ?? 0,
      shuffle: false,
    },
    train_dataset: batches.flatMap(examplesOf),
  }).train();
  const logs: StepLogs[] = [];
  for await (const event of run) if (event.type === 'log') logs.push(event.logs);
  expect((await run).global_step).toBe(steps);
  return logs;
}

function examplesOf({ input_ids, labels, attention_mask }: GoldenBatch): Example[] {
  return input_ids.map((ids, row) => ({
    input_ids: ids,
    labels: labels[row]!,
    attention_mask: attention_mask[row]!,
  }));
}

async function configOf(blob: Blob): Promise<unknown> {
  return comparableConfig(await blob.text());
}
