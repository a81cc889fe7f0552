import { readFileSync } from 'node:fs';
import type { NamedModule } from '../../../src/adapters/targets/targets';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets, type VeraModelFacts } from '../../../src/adapters/vera/vera_targets';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { taskOfBase } from '../../helpers/golden/golden_batches';
import type { moduleList } from '../../helpers/maths/module_lists';

/** Returns what `moduleList` reads from torch (module names, and the facts that targeting needs), but from webvera's own model. */
export function ownModules(base: string): ReturnType<typeof moduleList> {
  const { modules, config, head } = createArchitecture(
    JSON.parse(readFileSync(`test/golden/${base}/config.json`, 'utf8')),
    taskOfBase(base),
  );
  const { model_type, tie_word_embeddings } = config;
  return {
    modules,
    facts: { model_type, output_embedding: head.outputEmbedding, tie_word_embeddings: tie_word_embeddings === true },
  };
}

export const linear = (name: string, in_features = 4, out_features = 4): NamedModule => ({
  name,
  type: 'Linear',
  in_features,
  out_features,
});

export function wrappedOf(
  init: VeraConfigInit,
  modules: readonly NamedModule[],
  facts: Partial<VeraModelFacts> = {},
): string[] {
  const resolved = resolveVeraTargets(new VeraConfig(init), modules, { model_type: 'x', ...facts });
  return resolved.modules.map(({ name }) => name);
}
