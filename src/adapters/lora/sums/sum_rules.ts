import { WebVeraError } from '../../../core/errors/error';
import type { SumPart } from '../../adapter';
import { refused, show } from '../../config/adapter_fields';
import { unionOfTargets } from '../../targets/union_of_targets';
import { LoraConfig } from '../config/lora_config';

export type LoraPart = SumPart<LoraConfig>;

/** The values of PEFT's `combination_type` that webvera supports. */
export type Combination = 'svd' | 'linear' | 'cat';

const BUILT: readonly string[] = ['svd', 'linear', 'cat'] satisfies readonly Combination[];
const OTHERS: readonly string[] = [
  'ties',
  'ties_svd',
  'dare_ties',
  'dare_linear',
  'dare_ties_svd',
  'dare_linear_svd',
  'magnitude_prune',
  'magnitude_prune_svd',
];

/** The settings of a weighted sum, after validation. */
export interface SumRules {
  readonly combination: Combination;
  /** The rank of the sum. */
  readonly r: number;
  readonly config: LoraConfig;
}

/** Checks the summed adapters `parts` as PEFT's `add_weighted_adapter` does, with PEFT's messages, and returns the settings of the sum. */
export function sumRules(parts: readonly LoraPart[], options: Readonly<Record<string, unknown>>): SumRules {
  const [first] = parts;
  if (first === undefined) throw refused('Found no adapter matching the names in []', 'Name at least one adapter.');
  if (parts.some(({ config }) => config.use_dora)) {
    throw refused(
      'add_weighted_adapter: expected adapters without use_dora, got one with it',
      'A sum has no place for trained magnitudes: PEFT drops them without a word. Merge the adapters one after the other instead.',
    );
  }
  const combination = parts.length === 1 ? 'linear' : combinationOf(options.combination_type ?? 'svd');
  const r = rankOf(parts, combination, options.svd_rank);
  return { combination, r, config: configOf(parts, first.config, r) };
}

function combinationOf(name: unknown): Combination {
  if (typeof name === 'string' && BUILT.includes(name)) return name as Combination;
  const hint = `It is ${BUILT.map((each) => `'${each}'`).join(', ')}.`;
  if (typeof name !== 'string' || OTHERS.includes(name)) {
    throw refused(`combination_type: expected 'svd', 'linear' or 'cat', got ${show(name)}`, hint);
  }
  throw refused(`Invalid combination_type: ${name}`, hint);
}

function rankOf(parts: readonly LoraPart[], combination: Combination, svd_rank: unknown): number {
  const ranks = parts.map(({ config: { r, rank_pattern } }) =>
    Object.values(rank_pattern).reduce((a, b) => Math.max(a, b), r),
  );
  if (combination === 'cat') return ranks.reduce((sum, rank) => sum + rank, 0);
  if (combination === 'svd') return typeof svd_rank === 'number' ? svd_rank : Math.max(...ranks);
  const [rank = 0, ...others] = new Set(ranks);
  if (others.length === 0) return rank;
  throw refused(
    'All adapters must have the same r value when using combination_type linear, ties, dare_ties or dare_linear.',
    "'svd' and 'cat' take adapters of any rank.",
  );
}

/** Returns the sum's configuration: that of the first adapter with rank `r`, scale 1 and the targets of all adapters. */
function configOf(parts: readonly LoraPart[], first: LoraConfig, r: number): LoraConfig {
  return new LoraConfig({
    ...first,
    r,
    lora_alpha: r,
    rank_pattern: {},
    alpha_pattern: {},
    // The caller rejects adapters that train tensors of the base model, so in `parts` these two fields only name tensors that it lacks.
    bias: 'none',
    modules_to_save: null,
    inference_mode: false,
    // False, so that the scale is lora_alpha / r = 1. PEFT copies the first part's value; if it is true, PEFT multiplies the sum by √r.
    use_rslora: false,
    lora_bias: parts.some(({ config }) => config.lora_bias),
    init_lora_weights: true,
    ...targetsOf(parts),
  });
}

type Targets = Pick<LoraConfig, 'target_modules' | 'exclude_modules' | 'layers_to_transform' | 'layers_pattern'>;

/**
 * Combines the targets of the adapters as PEFT does. If the adapters differ in `exclude_modules`, `layers_to_transform` or
 * `layers_pattern`, these fields are null and the targets are the full names of all wrapped modules.
 */
function targetsOf(parts: readonly LoraPart[]): Targets {
  const targets = unionOfTargets(parts.map(({ config }) => config.target_modules));
  if (targets === undefined) {
    throw new WebVeraError(
      'invalid_argument',
      'all adapter configs should follow the same target modules type. Combining adapters with `target_modules` type ' +
        'being a mix of list/set and string is not supported.',
      { hint: 'Write the modules of all of them as lists of names.' },
    );
  }
  const rests = parts.map(({ config: { exclude_modules, layers_to_transform, layers_pattern } }) => {
    return { exclude_modules, layers_to_transform, layers_pattern };
  });
  const [rest] = rests;
  if (rest === undefined || new Set(rests.map((each) => JSON.stringify(each))).size > 1) {
    const names = new Set(parts.flatMap(({ modules }) => [...modules.keys()]));
    const everywhere = { exclude_modules: null, layers_to_transform: null, layers_pattern: null };
    return { target_modules: [...names].sort(), ...everywhere };
  }
  return { target_modules: typeof targets === 'string' ? targets : targets.toSorted(), ...rest };
}
