import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { get_peft_model } from '../../../src/page/adapters/peft_classes';
import type { VeraModel } from '../../../src/page/adapters/vera/vera_model';
import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import type { PreTrainedModel } from '../../../src/page/models/remote_model';
import type { FakeSession, Script } from '../../worker/fake_session';
import { modelInfo, openSession, veraInfo } from '../session/open_session';

export const config = new VeraConfig({ r: 4, target_modules: ['q_proj'] });
const info = veraInfo({ default: { ...config } }, ['default']);

/** Opens a model and an adapter over it. A scripted worker answers their calls. */
export async function openVera(
  script: Script = {},
): Promise<{ fake: FakeSession; base: PreTrainedModel; vera: VeraModel }> {
  const { session, fake } = await openSession(() => ({
    loadModel: async () => modelInfo,
    createAdapters: async () => info,
    loadAdapters: async () => info,
    addAdapter: async () => info,
    loadAdapter: async () => info,
    setAdapter: async () => info,
    mergeAdapters: async () => info,
    unloadAdapters: async () => modelInfo,
    deltaWeight: async () => ({ dims: [1, 1], data: new Float32Array(1) }),
    ...script,
  }));
  const base = await AutoModelForCausalLM.from_pretrained('org/name', { session, revision: null });
  return { fake, base, vera: await get_peft_model(base, config) };
}
