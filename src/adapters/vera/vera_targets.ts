import { WebVeraError } from '../../core/errors/error';
import { DEFAULT_TARGETS } from '../targets/default_targets';
import { type BaseModelFacts, type NamedModule, resolveTargets, type WrappedModule } from '../targets/targets';
import { VeraConfig } from './config/vera_config';

/** PEFT's default targets for VeRA. They differ from `DEFAULT_TARGETS` for one model type. */
const VERA_TARGETS = { ...DEFAULT_TARGETS, phi: ['q_proj', 'v_proj'] };

export interface VeraModelFacts extends BaseModelFacts {
  /** Whether the model already has an adapter. If so, PEFT's error for targets without a match is more detailed. Default false. */
  readonly later?: boolean;
}

export interface VeraTargets {
  /** The wrapped modules, in the model's order. */
  readonly modules: readonly WrappedModule[];
  /** The configuration that the adapter uses and saves: targets resolved, `fan_in_fan_out` and `modules_to_save` as PEFT sets them. */
  readonly config: VeraConfig;
  /** The number of A's columns; `max_out` is the number of B's rows. */
  readonly max_in: number;
  readonly max_out: number;
}

/** Determines which modules an adapter wraps, and the sizes of A and B. Throws PEFT's errors, like `resolveTargets`. */
export function resolveVeraTargets(
  given: VeraConfig,
  all: readonly NamedModule[],
  { later = false, ...facts }: VeraModelFacts,
): VeraTargets {
  const { modules, named, fields } = resolveTargets(given, all, facts, {
    defaults: VERA_TARGETS,
    expectNamed: (sized, details) => {
      if (sized.length > 0 || later) return;
      const message = 'No layers types compatible with VeRA were found. Please check `peft_config.target_modules`.';
      throw new WebVeraError('invalid_argument', message, details);
    },
  });
  return {
    modules,
    config: new VeraConfig({ ...given, ...fields }),
    // As in PEFT, A and B are large enough for all modules that match before the list of targets is condensed.
    max_in: Math.max(...named.map(({ in_features }) => in_features)),
    max_out: Math.max(...named.map(({ out_features }) => out_features)),
  };
}
