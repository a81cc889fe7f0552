import type { Warn } from '../../core/errors/warning';
import type { Architecture } from '../../models/architecture';
import { DEFAULT_TARGETS } from '../targets/default_targets';
import { factsOf, resolveTargets, tiedText, type WrappedModule } from '../targets/targets';
import { LoraConfig } from './config/lora_config';
import type { RankedModule } from './lora_layout';
import { patternValues } from './lora_patterns';

interface LoraTargets {
  /** The wrapped modules with their ranks and scales, by name, in the model's order. */
  readonly modules: ReadonlyMap<string, RankedModule>;
  /** The configuration that the adapter uses and saves, with the fields as PEFT sets them. */
  readonly config: LoraConfig;
}

/** Determines which modules an adapter wraps. Throws PEFT's errors, like `resolveTargets`, and passes PEFT's warnings to `warn`. */
export function resolveLoraTargets(given: LoraConfig, model: Architecture, warn: Warn = () => {}): LoraTargets {
  const { modules: wrapped, fields } = resolveTargets(given, model.modules, factsOf(model, warn), {
    defaults: DEFAULT_TARGETS,
    noDefault: 'Please specify `target_modules` or `target_parameters`in `peft_config`',
    supported: SUPPORTED,
    tied: tiedText('`ensure_weight_tying` is not set to True'),
  });
  const config = new LoraConfig({ ...given, ...fields });
  const { r, lora_alpha, use_rslora, lora_bias } = config;
  const tensors = new Set(model.weights.map(({ name }) => name));
  const hasBias = (name: string): boolean => tensors.has(`${name}.bias`);
  if (lora_bias)
    warnOfNoBias(
      wrapped.filter(({ name }) => !hasBias(name)),
      warn,
    );
  const names = wrapped.map(({ name }) => name);
  const ranks = patternValues('rank_pattern', config.rank_pattern, names);
  const alphas = patternValues('alpha_pattern', config.alpha_pattern, names);
  for (const warning of [...ranks.warnings, ...alphas.warnings]) warn(warning);
  const modules = wrapped.map(({ name, in_features, out_features }): [string, RankedModule] => {
    const rank = ranks.values.get(name) ?? r;
    const alpha = alphas.values.get(name) ?? lora_alpha;
    const scale = alpha / (use_rslora ? Math.sqrt(rank) : rank);
    return [name, { in_features, out_features, r: rank, scale, hasBias: hasBias(name) }];
  });
  return { modules: new Map(modules), config };
}

/** Passes PEFT's warning to `warn` once for each type of layer, because Python shows equal warnings only once. */
function warnOfNoBias(without: readonly WrappedModule[], warn: Warn): void {
  for (const type of new Set(without.map((module) => module.type))) {
    const message =
      `\`lora_bias=True\` was passed but the targeted layer of type ${type} has no bias. This means that merging ` +
      "LoRA weights won't be possible.";
    warn({ code: 'no_bias', message });
  }
}

const SUPPORTED =
  'Currently, only the following modules are supported: `torch.nn.Linear`, `torch.nn.Embedding`, `torch.nn.Conv1d`, ' +
  '`torch.nn.Conv2d`, `torch.nn.Conv3d`, `transformers.pytorch_utils.Conv1D`, `torch.nn.MultiheadAttention.`.';
