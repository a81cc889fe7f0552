import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import type { PreTrainedModel } from '../../../src/page/models/remote_model';
import { Session, type SessionOptions } from '../../../src/page/session/session';
import { CAUSAL_LM } from '../../../src/tasks/causal_lm/causal_lm';
import type { AdapterConfigFields, AdapterStanding, AdaptersInfo, ModelInfo } from '../../../src/worker/protocol';
import type { FakeSession, Script } from '../../worker/fake_session';
import { type FakeWorker, fakeWorker } from '../../worker/fake_worker';

export interface Opened extends FakeWorker {
  readonly session: Session;
}

/** Opens a session with a scripted worker. Each time the worker dies, the next of `others` replaces it. */
export async function openSession(
  script?: (fake: () => FakeSession) => Script,
  others: readonly Pick<FakeWorker, 'worker'>[] = [],
  options: SessionOptions = {},
): Promise<Opened> {
  const started = fakeWorker(script);
  const workers = [started, ...others].values();
  const worker = (): Worker => {
    const next = workers.next();
    if (next.done) throw new Error('There are no more workers');
    return next.value.worker;
  };
  // Page and fake worker share fake Web Locks, because Node 20 has none.
  const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { locks: started.locks.manager }, configurable: true });
  try {
    return Object.assign(started, { session: await Session.open({ ...options, worker }) });
  } finally {
    if (own === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', own);
  }
}

export const modelInfo: ModelInfo = {
  model: 1,
  task: CAUSAL_LM.facts,
  config: { model_type: 'llama', hidden_size: 8 },
  tokenizer: { tokenizer: 2, vocab_size: 16, bos_token_id: 1, eos_token_id: 2, pad_token_id: null },
  has_new_head: false,
  pools: false,
  modules: [
    { name: 'model.embed_tokens', type: 'Embedding' },
    { name: 'model.layers.0.self_attn.q_proj', type: 'Linear', in_features: 8, out_features: 8 },
  ],
};

export function veraInfo(
  configs: Readonly<Record<string, AdapterConfigFields>>,
  active: readonly string[],
): AdaptersInfo {
  const adapters = Object.entries(configs).map(([name, config]): [string, AdapterStanding] => [
    name,
    { config, trainable: true, modules: ['model.layers.0.self_attn.q_proj'] },
  ]);
  return {
    model: 7,
    adapters: Object.fromEntries(adapters),
    active,
    merged: [],
    parameters: { trainable: 12, all: 1000 },
  };
}

/** Opens a session with a scripted worker, and loads a model. */
export async function loaded(
  script: (fake: () => FakeSession) => Script = () => ({}),
): Promise<Opened & { model: PreTrainedModel }> {
  const opened = await openSession((fake) => ({ loadModel: async () => modelInfo, ...script(fake) }));
  const model = await AutoModelForCausalLM.from_pretrained('org/name', { session: opened.session });
  return Object.assign(opened, { model });
}
