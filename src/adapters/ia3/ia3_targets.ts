import { refused } from '../config/adapter_fields';
import { nameMatcher } from '../targets/matcher';
import { type BaseModelFacts, type NamedModule, resolveTargets, type WrappedModule } from '../targets/targets';
import { IA3Config } from './config/ia3_config';
import { notAPart } from './config/ia3_rules';
import { DEFAULT_MODULES } from './default_modules';

export interface Ia3Targets {
  /** The wrapped modules, in the model's order. */
  readonly modules: readonly (WrappedModule & { readonly isFeedforward: boolean })[];
  /** The configuration that the adapter uses and saves: modules resolved, `fan_in_fan_out` and `modules_to_save` as PEFT sets them. */
  readonly config: IA3Config;
}

const DEFAULT_TARGETS = Object.fromEntries(
  Object.entries(DEFAULT_MODULES).map(([type, { targets }]) => [type, targets]),
);

/** Determines which modules an adapter wraps, and which of them have their inputs scaled. Throws PEFT's errors, like `resolveTargets`. */
export function resolveIa3Targets(given: IA3Config, all: readonly NamedModule[], facts: BaseModelFacts): Ia3Targets {
  const feedforward = feedforwardModules(given, facts.model_type);
  // For (IA)³, PEFT doesn't condense a long list of targets, because feedforward_modules has to be a subset of it.
  const rules = { defaults: DEFAULT_TARGETS, condenses: false, supported: SUPPORTED };
  const { modules, fields } = resolveTargets(given, all, facts, rules);
  const isFeedforward = feedforwardMatcher(feedforward);
  const names = modules.map(({ name }) => name);
  const config = new IA3Config({
    ...given,
    ...fields,
    feedforward_modules: amongTargets(feedforward, fields.target_modules ?? [], names),
  });
  return { modules: modules.map((module) => ({ ...module, isFeedforward: isFeedforward(module.name) })), config };
}

const SUPPORTED = 'Currently, only `torch.nn.Linear`, `torch.nn.Conv2d`, and `Conv1D` are supported.';

type ModuleRule = readonly string[] | string;

function feedforwardModules({ target_modules, feedforward_modules }: IA3Config, model_type: string): ModuleRule {
  if (feedforward_modules !== null) return feedforward_modules;
  if (Object.hasOwn(DEFAULT_MODULES, model_type)) return DEFAULT_MODULES[model_type]?.feedforward ?? [];
  // Without targets, `resolveTargets` throws. PEFT, too, reports missing targets before missing feed-forward modules.
  if (target_modules === null) return [];
  throw refused(
    'Please specify `feedforward_modules` in `peft_config`',
    `There is no default for models of type ${JSON.stringify(model_type)}. [] scales the outputs of all modules.`,
  );
}

/**
 * Returns a test of whether a module is a feed-forward module. As in PEFT, a name matches if it ends with an entry, even within a part of
 * the name: 'proj' matches 'c_proj'.
 */
function feedforwardMatcher(names: ModuleRule): (name: string) => boolean {
  if (typeof names === 'string') return nameMatcher(names, 'feedforward_modules');
  const ends = new Set(names);
  return (name) => {
    for (let from = 0; from <= name.length; from++) if (ends.has(name.slice(from))) return true;
    return false;
  };
}

/**
 * Replaces `feedforward` by the entries of `targets` that match the feed-forward modules, because PEFT rejects a list that isn't a subset
 * of `targets`, even in a file that PEFT itself saved. Throws `invalid_argument` if a target matches feed-forward modules and others.
 */
function amongTargets(feedforward: ModuleRule, targets: ModuleRule, modules: readonly string[]): ModuleRule {
  if (typeof feedforward === 'string' || typeof targets === 'string') return feedforward;
  const known = new Set(targets);
  if (feedforward.every((name) => known.has(name))) return feedforward;
  const isFeedforward = feedforwardMatcher(feedforward);
  const among = targets.filter(isFeedforward);
  const isAmong = feedforwardMatcher(among);
  const other = modules.find((name) => isFeedforward(name) !== isAmong(name));
  if (other === undefined) return among;
  throw notAPart(`Name ${other} more closely in target_modules, or give feedforward_modules.`);
}
