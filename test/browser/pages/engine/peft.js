// Runs golden cases in the library's own worker: trained biases with merging, GPT-2's Conv1D layers, and two adapters with a
// mixed batch. Reports the results.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';

/** @typedef {import('../../../helpers/golden/golden').GoldenCase} GoldenCase */
/** @typedef {import('../../../helpers/golden/golden').GoldenBatch} GoldenBatch */
/** @typedef {import('../../../../src/index').ModelInputs} Inputs */
/** @typedef {import('../../../../src/index').PreTrainedModel} Model */

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig, VeraModel } = await loadLibrary();
const session = await Session.open({ store: 'memory' });

/** @param {string} name */
async function load(name) {
  const folder = new URL(`/golden/cases/${name}/`, location.href);
  /** @type {GoldenCase} */
  const golden = await (await fetch(new URL('case.json', folder))).json();
  const base = await AutoModelForCausalLM.from_pretrained(new URL(`/golden/${golden.base}/`, location.href), {
    session,
  });
  const { batch } = golden.inputs;
  /** @param {Model} model @param {Partial<Inputs>} more */
  const forward = async (model, more = {}) => {
    const { logits, loss } = await model.forward({ ...batch, ...more });
    return { logits: [...logits.data], loss };
  };
  return { folder, golden, base, forward };
}

async function biases() {
  const { folder, golden, base, forward } = await load('opt_bias_mid');
  const vera = await VeraModel.from_pretrained(base, new URL('adapter/', folder));
  const random = await forward(vera);
  await vera.merge_adapter();
  const merged = await forward(vera);
  const files = await bytesOf(await vera.save_pretrained());

  const fresh = await get_peft_model(base, new VeraConfig(golden.vera_config));
  const [training] = golden.expect.train;
  const run = new Trainer({
    model: fresh,
    args: {
      per_device_train_batch_size: golden.inputs.batch.input_ids.length,
      max_steps: 4,
      learning_rate: training?.lr ?? 0,
      lr_scheduler_type: 'constant',
      warmup_ratio: 0,
      weight_decay: training?.weight_decay ?? 0,
      max_grad_norm: 0,
      shuffle: false,
    },
    train_dataset: golden.inputs.train_batches.flatMap(({ input_ids, attention_mask, labels }) =>
      input_ids.map((ids, row) => ({
        input_ids: ids,
        attention_mask: attention_mask[row] ?? [],
        labels: labels[row] ?? [],
      })),
    ),
  }).train();
  const logs = [];
  for await (const event of run) if (event.type === 'log') logs.push(event.logs);
  const steps = { losses: logs.map(({ loss }) => loss), norms: logs.map(({ grad_norm }) => grad_norm) };
  return { random, merged, files, steps };
}

async function conv1d() {
  const { folder, base, forward } = await load('gpt2_all_mid');
  return { random: await forward(await VeraModel.from_pretrained(base, new URL('adapter/', folder))) };
}

async function two() {
  const { folder, base, forward } = await load('two_adapters_llama');
  const vera = await VeraModel.from_pretrained(base, new URL('adapters/', folder));
  await vera.load_adapter(new URL('adapters/other/', folder), 'other');
  const first_active = await forward(vera);
  await vera.set_adapter(['default', 'other']);
  const both_active = await forward(vera);
  await vera.set_adapter('other');
  const second_active = await forward(vera);
  const disabled = await vera.disable_adapter(() => forward(vera));
  const mixed = await forward(vera, { adapter_names: ['default', 'other'] });
  const files = await bytesOf(await vera.save_pretrained());
  await vera.delete_adapter('other');
  const second_deleted = await forward(vera);
  return { steps: { first_active, both_active, second_active, disabled, second_deleted }, mixed, files };
}

const report = { biases: await biases(), conv1d: await conv1d(), two: await two() };
await session.close();
window.report(report);
