import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  type Example,
  export_run,
  get_peft_model,
  Trainer,
  type TrainerInit,
  type TrainingArguments,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { loadTinyVera } from '../../helpers/models/tiny_llama';
import { tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { openTestSession, type TestSession, within } from '../../helpers/session/session';

/** Rows whose first token determines their class, sorted by class. */
const rows = Array.from({ length: 16 }, (_, index): Example => {
  const label = Math.floor(index / 8);
  const input_ids = [10 + label, ...Array.from({ length: 3 + (index % 5) }, (_, t) => 20 + ((7 * index + t) % 60))];
  return { input_ids, label };
});
const vera = { r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' } as const;
const args = {
  objective: 'contrast',
  per_device_train_batch_size: 8,
  learning_rate: 0.05,
  lr_scheduler_type: 'constant',
  save_strategy: 'no',
} as const;

async function classifier({ session }: TestSession, base = 'bert', config: VeraConfigInit = {}): Promise<VeraModel> {
  const model = await AutoModelForSequenceClassification.from_pretrained(goldenBase(`base/${base}`), { session });
  return get_peft_model(model, new VeraConfig({ ...vera, ...config }));
}

function trainer(model: VeraModel, more: TrainingArguments = {}, init: Partial<TrainerInit> = {}): Trainer {
  return new Trainer({ model, train_dataset: rows, eval_dataset: rows, ...init, args: { ...args, ...more } });
}

async function lossesOf(model: VeraModel, more: TrainingArguments): Promise<number[]> {
  const run = trainer(model, more).train();
  await run;
  return run.state.log_history.map(({ loss }) => loss);
}

/** Returns the head's tensors in the adapter's file. */
async function headOf(model: VeraModel): Promise<ReadonlyMap<string, readonly number[]>> {
  const { tensors } = readSafetensors(await weightsOf(model));
  const head = [...tensors].filter(([name]) => name.includes('classifier'));
  expect(head).toHaveLength(2);
  return new Map(head.map(([name, tensor]) => [name, [...toFloat32(tensor)]]));
}

/** Runs `body` with a new classifier. Its adapter always has the same initial vectors. */
function fresh<T>(body: (model: VeraModel) => Promise<T>): Promise<T> {
  return within({}, async (opened) => body(await classifier(opened)));
}

describe('training by contrast', () => {
  test('classes move apart, and no number of the head changes, with any weight decay', async () => {
    await fresh(async (model) => {
      const head = await headOf(model);
      const before = await weightsOf(model);
      const first = await trainer(model).evaluate();
      const output = await trainer(model, { num_train_epochs: 15, weight_decay: 0.1 }).train();
      expect(output.global_step).toBe(30);
      const { eval_loss } = await trainer(model).evaluate();
      expect(eval_loss).toBeLessThan(first.eval_loss! - 0.2);
      expect(await weightsOf(model)).not.toEqual(before);
      expect(await headOf(model)).toEqual(head);
    });
  });

  test.each([
    ['bert', ['query'], 0.1],
    ['roberta', ['query'], 0.5],
    ['distilbert', ['q_lin'], 0.1],
    ['gpt2-seqcls', ['c_attn'], 0.1],
  ])('%s: a step changes the vectors, and the loss is finite', async (base, target_modules, contrastTemperature) => {
    await within({}, async (opened) => {
      const model = await classifier(opened, base, { target_modules });
      const before = await weightsOf(model);
      const [loss] = await lossesOf(model, { contrastTemperature, max_steps: 1, learning_rate: 1e-3 });
      expect(loss).toBeGreaterThan(0);
      expect(loss).toBeLessThan(100);
      expect(await weightsOf(model)).not.toEqual(before);
    });
  });

  test('micro-batches are compared within themselves: a step has the mean of their losses', async () => {
    const still = { learning_rate: 1e-30, per_device_train_batch_size: 4 };
    const alone = await fresh((model) => lossesOf(model, { ...still, max_steps: 4 }));
    const together = await fresh((model) =>
      lossesOf(model, { ...still, gradient_accumulation_steps: 2, max_steps: 2 }),
    );
    expect(together).toHaveLength(2);
    for (const [step, loss] of together.entries()) {
      expect(loss).toBeCloseTo((alone[2 * step]! + alone[2 * step + 1]!) / 2, 5);
    }
  });

  test('gradient checkpointing gives the same bytes', async () => {
    const trained = (gradient_checkpointing: boolean): Promise<Uint8Array> =>
      fresh(async (model) => {
        await trainer(model, { gradient_checkpointing, max_steps: 3 }).train();
        return weightsOf(model);
      });
    expect(await trained(true)).toEqual(await trained(false));
  });

  test('the temperature, clipping and weights of classes have an effect', async () => {
    const trained = (more: TrainingArguments): Promise<Uint8Array> =>
      fresh(async (model) => {
        await trainer(model, { max_steps: 2, ...more }).train();
        return weightsOf(model);
      });
    const plain = await trained({});
    expect(await trained({ contrastTemperature: 0.1 })).toEqual(plain);
    expect(await trained({ contrastTemperature: 0.2 })).not.toEqual(plain);
    expect(await trained({ classWeights: { LABEL_0: 3 } })).not.toEqual(plain);
    expect(await trained({ max_grad_norm: 1e-9 })).not.toEqual(plain);
  });

  test('classes of images', async () => {
    await within({}, async ({ session }) => {
      const base = await AutoModelForImageClassification.from_pretrained(goldenBase('base/vit'), { session });
      const { image_size, num_channels } = base.config as { image_size?: number; num_channels?: number };
      const dims = [num_channels ?? 3, image_size ?? 224, image_size ?? 224];
      const numbers = dims.reduce((a, b) => a * b);
      const images = Array.from({ length: 8 }, (_, index): Example => {
        const data = Float32Array.from({ length: numbers }, (_, at) => Math.sin(at * (1 + index) + (index % 2)));
        return { pixel_values: { dims, data }, label: index % 2 };
      });
      const model = await get_peft_model(
        base,
        new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'], modules_to_save: ['classifier'] }),
      );
      const run = trainer(model, { num_train_epochs: 8 }, { train_dataset: images, eval_dataset: images }).train();
      await run;
      const losses = run.state.log_history.map(({ loss }) => loss);
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
    });
  });
});

describe('evaluation by contrast', () => {
  test('the loss compares rows in pairs, in whatever order they are given; the other metrics are the head’s', async () => {
    await fresh(async (model) => {
      const metrics = await trainer(model, { per_device_train_batch_size: 4 }).evaluate();
      const labels = await trainer(model, { objective: 'labels', per_device_train_batch_size: 4 }).evaluate();
      expect(metrics.eval_loss).not.toBeCloseTo(labels.eval_loss!, 3);
      const { eval_loss: _contrast, ...ofHead } = metrics;
      const { eval_loss: _labels, ...others } = labels;
      expect(ofHead).toEqual(others);
      // In sorted order, each batch of four rows would have only one class, and a loss of ln 3. So evaluation uses another order.
      expect(Math.abs(metrics.eval_loss! - Math.log(3))).toBeGreaterThan(0.01);
    });
  });

  test('a run evaluates by contrast, and returns to the best values', async () => {
    await fresh(async (model) => {
      const plan = { eval_strategy: 'steps', eval_steps: 2, load_best_model_at_end: true, max_steps: 8 } as const;
      const run = trainer(model, plan).train();
      await run;
      const losses = run.state.eval_history.map(({ metrics }) => metrics.eval_loss!);
      expect(run.state.best_metric).toBe(Math.min(...losses));
      expect((await trainer(model).evaluate()).eval_loss).toBe(run.state.best_metric);
    });
  });
});

describe('a run that is resumed', () => {
  oneBrowser();

  test.each([3, 5])('from step %i gives the same bytes', async (stopAt) => {
    const trained = (step?: number): Promise<Uint8Array> =>
      within({ store: 'auto' }, async (opened) => {
        const model = await classifier(opened);
        const plan = { max_steps: 8, per_device_train_batch_size: 4, save_strategy: 'steps', save_steps: 2 } as const;
        const run = trainer(model, { ...plan, gradient_accumulation_steps: 2 }).train({ resume_from_checkpoint: true });
        for await (const event of run) {
          if (event.type === 'log' && event.state.global_step === step) await run.stop({ save: true });
        }
        await run;
        return weightsOf(model);
      });
    const cut = await trained(stopAt);
    const resumed = await trained();
    vi.stubGlobal('indexedDB', new IDBFactory());
    expect(resumed).toEqual(await trained());
    expect(resumed).not.toEqual(cut);
  });
});

describe('refused', () => {
  test('a language model, and a classifier without classes', async () => {
    const opened = await openTestSession();
    const language = tinyTrainer(await loadTinyVera(opened), {
      args: { objective: 'contrast', per_device_train_batch_size: 4 },
    }).train();
    await expect(language).rejects.toThrow('objective: expected to be left out, as a language model has no classes');
    const numbers = await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/roberta-regression'), {
      session: opened.session,
    });
    const model = await get_peft_model(numbers, new VeraConfig(vera));
    const train_dataset = [{ input_ids: [10, 11], label: 0.5 }];
    await expect(trainer(model, {}, { train_dataset, eval_dataset: train_dataset }).train()).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'objective: expected to be left out, as a model with one label has no classes',
    });
    await opened.session.close();
  });

  test('exporting it for Python', async () => {
    await fresh(async (model) => {
      await expect(export_run({ model, trainer: trainer(model, { max_steps: 4 }) })).rejects.toThrow(
        "export_run: expected a run with the objective 'labels'",
      );
    });
  });
});
