import type { Warn } from '../core/errors/warning';
import type { AnyKernel } from '../core/kernels/kernel';
import { defaultLimits, type ParserLimits } from '../core/types/source';
import { parseJsonObject } from '../formats/json';
import { tunableKernels } from '../ops/tunable';
import type { AdapterKind } from './adapter';
import type { AdapterConfig } from './config/adapter_config';
import { peftTypeOf, withPeftType } from './config/config_rules';
import { ia3Kind } from './ia3/kind';
import { loraKind } from './lora/kind';
import { uniloraKind } from './unilora/kind';
import { veraKind } from './vera/kind';

/** All adapter kinds. The code that runs in the page has a separate table, `page/adapters/page_kinds.ts`. */
export const ADAPTER_KINDS: readonly AdapterKind[] = [veraKind, loraKind, ia3Kind, uniloraKind];

/** Returns all kernels that have more than one variant. A kernel that several adapter kinds share is listed once. */
export function allTunableKernels(): readonly AnyKernel[] {
  return [...new Set([...tunableKernels(), ...ADAPTER_KINDS.flatMap((kind) => kind.tunableKernels?.() ?? [])])];
}

interface ReadConfigOptions {
  readonly limits?: ParserLimits;
  readonly warn?: Warn;
  /** The values of `peft_type` that the file may have. Default: those of all adapter kinds. */
  readonly peft_types?: readonly string[] | undefined;
}

/** Returns the adapter kind that a configuration's `peft_type` names. Throws `invalid_argument` for a `peft_type` that no kind has. */
export function kindNamed({ peft_type }: { readonly peft_type: unknown }): AdapterKind {
  return withPeftType(ADAPTER_KINDS, peft_type, 'invalid_argument');
}

/** Returns the adapter kind that `peft_type` names, or the first of `ADAPTER_KINDS` if it isn't given. Throws like `kindNamed`. */
export function kindOfFields({ peft_type }: Readonly<Record<string, unknown>>): AdapterKind {
  return kindNamed({ peft_type: peft_type ?? ADAPTER_KINDS[0]?.Config.rules.peft_type });
}

/**
 * Parses an `adapter_config.json` as a configuration of the adapter kind that its `peft_type` names. Throws `limit_exceeded`,
 * `invalid_format`, and `invalid_argument` for values that no adapter can have.
 */
export function readAdapterConfig(
  bytes: Uint8Array,
  { limits = defaultLimits, warn = () => {}, peft_types }: ReadConfigOptions = {},
): AdapterConfig {
  const json = parseJsonObject(bytes, 'adapter_config.json', limits.json);
  const kinds = ADAPTER_KINDS.filter(({ Config }) => peft_types?.includes(Config.rules.peft_type) ?? true);
  return withPeftType(kinds, peftTypeOf(json, kinds), 'invalid_format').Config.from_json(json, { warn });
}
