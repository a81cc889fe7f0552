import { expect } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import type { RunEvent } from '../../../src/core/types/run';
import type { Example, StepLogs } from '../../../src/core/types/training';
import { get_peft_model } from '../../../src/page/adapters/peft_classes';
import type { VeraModel } from '../../../src/page/adapters/vera/vera_model';
import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import type { TrainRequest } from '../../../src/worker/protocol';
import type { FakeSession, Script } from '../../worker/fake_session';
import { modelInfo, type Opened, openSession, veraInfo } from '../session/open_session';

export async function wrapped(
  script?: (fake: () => FakeSession) => Script,
  task = modelInfo.task,
): Promise<Opened & { model: VeraModel }> {
  const opened = await openSession((fake) => ({
    loadModel: async () => ({ ...modelInfo, task }),
    createAdapters: async (_model, name, fields) => veraInfo({ [name]: fields }, [name]),
    ...script?.(fake),
  }));
  const base = await AutoModelForCausalLM.from_pretrained('org/name', { session: opened.session });
  return Object.assign(opened, { model: await get_peft_model(base, new VeraConfig()) });
}

export const output = { global_step: 2, training_loss: 1.5, metrics: { train_loss: 1.5 } };
export const rows: readonly Example[] = [{ text: 'a' }, { text: 'b' }, { text: 'c' }];

export function trainRequest(fake: FakeSession): TrainRequest {
  return fake.argsOf('train')[0]?.[1] as TrainRequest;
}

export function logs(step: number): StepLogs {
  return { step, loss: 2 / step, grad_norm: 0.5, learning_rate: 0.01, tokens_per_second: 100, seconds_left: 1 };
}

export function report(fake: FakeSession, call: number, step: number, event: RunEvent): void {
  fake.emit({ type: 'train', call, progress: { global_step: step, max_steps: 2, epoch: step / 2 }, event });
}

/** Scripts a worker that requests all the data, `count` examples at a time, and then logs two steps. */
export function trains(received: Example[], count = 2): (fake: () => FakeSession) => Script {
  return (fake) => {
    let onPush: (done: boolean) => void = () => {};
    return {
      async train(call) {
        for (let done = false; !done; ) {
          fake().emit({ type: 'need_data', call, dataset: 'train_dataset', count });
          done = await new Promise<boolean>((resolve) => {
            onPush = resolve;
          });
        }
        for (const step of [1, 2]) report(fake(), call, step, { type: 'log', logs: logs(step) });
        return output;
      },
      async pushExamples(_call, _dataset, examples, done) {
        expect(examples.length).toBeLessThanOrEqual(count);
        received.push(...examples);
        onPush(done);
      },
    };
  };
}
