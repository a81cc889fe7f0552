import { expect, test } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  type AnyAdaptedModel,
  AutoModelForCausalLM,
  get_peft_model,
  LoraConfig,
  type LoraModel,
  type PreTrainedModel,
  Session,
  type TrainEvent,
  type VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
import { tinyConfig, tinyFiles, tinyTensors, tinyVera } from '../../helpers/models/tiny_llama';
import { tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { openTestSession } from '../../helpers/session/session';
import { type SessionGpu, sessionGpu } from '../../helpers/session/session_gpu';

const deep = { ...tinyConfig, num_hidden_layers: 12 };

async function deepModel(session: Session): Promise<PreTrainedModel> {
  const files = tinyFiles({ config: deep, weights: writeSafetensors(tinyTensors(deep)) });
  return AutoModelForCausalLM.from_pretrained(files, { session });
}

async function deepVera(session: Session): Promise<VeraModel> {
  return get_peft_model(await deepModel(session), tinyVera);
}

async function deepDora(session: Session): Promise<LoraModel> {
  return get_peft_model(await deepModel(session), new LoraConfig({ use_dora: true, target_modules: 'all-linear' }));
}

async function trained(
  model: AnyAdaptedModel,
  gradient_checkpointing: boolean,
): Promise<{ weights: Uint8Array; events: TrainEvent[] }> {
  const args = { max_steps: 3, per_device_train_batch_size: 6, gradient_checkpointing };
  const events = await toArray(tinyTrainer(model, { args }).train());
  return { weights: await weightsOf(model), events };
}

test.each([
  ['VeRA', deepVera],
  ['DoRA', deepDora],
])('gradient checkpointing takes less memory and gives the same bits: %s', async (_, deepAdapted) => {
  const results = [];
  for (const checkpointing of [false, true]) {
    const { session } = await openTestSession();
    const model = await deepAdapted(session);
    const { weights, events } = await trained(model, checkpointing);
    const losses = events.flatMap((event) => (event.type === 'log' ? [event.logs.loss] : []));
    results.push({ weights, losses, peak: (await model.memory()).peak_gpu_bytes });
    await session.close();
  }
  const [plain, checkpointed] = results;
  expect(checkpointed?.losses).toEqual(plain?.losses);
  expect(checkpointed?.weights).toEqual(plain?.weights);
  expect(checkpointed?.peak).toBeLessThan(0.7 * (plain?.peak ?? 0));
});

test('if memory runs out without gradient checkpointing, it is turned on, with a warning', async () => {
  const roomy = await openTestSession();
  const expected = await trained(await deepVera(roomy.session), true);
  const enough = (await peakOf(true)) + 1;
  const shared = sessionGpu();
  const session = await Session.open({ worker: false, gpu: withMemory(shared, enough), store: 'memory' });
  const { weights, events } = await trained(await deepVera(session), false);
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.code] : []));
  expect(warnings).toEqual(['out_of_memory']);
  expect(weights).toEqual(expected.weights);
  await session.close();
  await roomy.session.close();
});

async function peakOf(checkpointing: boolean): Promise<number> {
  const { session } = await openTestSession();
  const model = await deepVera(session);
  await trained(model, checkpointing);
  const { peak_gpu_bytes } = await model.memory();
  await session.close();
  return peak_gpu_bytes;
}

/** Returns a GPU with this many bytes of memory: its error scopes report an error if more are in use. */
function withMemory({ gpu, liveBytes }: SessionGpu, bytes: number): GPU {
  const limited = (device: GPUDevice): GPUDevice => {
    const scopes: GPUErrorFilter[] = [];
    return new Proxy(device, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name === 'pushErrorScope') {
          return (filter: GPUErrorFilter) => {
            scopes.push(filter);
            target.pushErrorScope(filter);
          };
        }
        if (name === 'popErrorScope') {
          return async () => {
            const full = scopes.pop() === 'out-of-memory' && liveBytes() > bytes;
            const error = await target.popErrorScope();
            return full ? { message: 'no memory is left' } : error;
          };
        }
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return {
    async requestAdapter() {
      const adapter = await gpu.requestAdapter();
      return adapter && { ...adapter, requestDevice: async () => limited(await adapter.requestDevice()) };
    },
  } as unknown as GPU;
}
