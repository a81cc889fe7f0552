import type { Warn } from '../../core/errors/warning';
import type { Architecture } from '../../models/architecture';
import { DEFAULT_TARGETS } from '../targets/default_targets';
import { factsOf, resolveTargets, type WrappedModule } from '../targets/targets';
import { UniLoraConfig } from './config/unilora_config';

interface UniloraTargets {
  /** The wrapped modules, by name, in the model's order. */
  readonly modules: ReadonlyMap<string, WrappedModule>;
  /** The configuration that the adapter uses and saves, with the fields as PEFT sets them. */
  readonly config: UniLoraConfig;
}

/** Determines which modules an adapter wraps. Throws PEFT's errors, like `resolveTargets`, and passes PEFT's warnings to `warn`. */
export function resolveUniloraTargets(given: UniLoraConfig, model: Architecture, warn?: Warn): UniloraTargets {
  const rules = { defaults: DEFAULT_TARGETS, supported: SUPPORTED };
  const { modules, fields } = resolveTargets(given, model.modules, factsOf(model, warn), rules);
  return {
    modules: new Map(modules.map((module) => [module.name, module])),
    config: new UniLoraConfig({ ...given, ...fields }),
  };
}

const SUPPORTED =
  'Currently, only the following modules are supported: `torch.nn.Linear`, `transformers.pytorch_utils.Conv1D`.';
