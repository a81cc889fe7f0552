import { readAdapterConfig } from '../../../../src/adapters/adapter_kinds';
import type { ExpectedOther, ExpectedTensors } from '../../../../src/adapters/files/adapter_tensors';
import { writeAdapterConfig } from '../../../../src/adapters/files/write_adapter';
import type { VeraConfig } from '../../../../src/adapters/vera/config/vera_config';
import { VERA_RULES } from '../../../../src/adapters/vera/config/vera_rules';
import { veraKind } from '../../../../src/adapters/vera/kind';
import { veraFile } from '../../../../src/adapters/vera/vera_files';
import type { Shape } from '../../../../src/core/numbers/shape';

/** The sizes that VeRA's files depend on, and the shapes of their tensors. */
export interface VeraFile {
  readonly save_projection: boolean;
  readonly r: number;
  readonly max_in: number;
  readonly max_out: number;
  /** The shapes of λ_b and λ_d, by saved name. */
  readonly vectors: ReadonlyMap<string, Shape>;
  readonly others?: ReadonlyMap<string, ExpectedOther>;
  readonly base?: ReadonlyMap<string, Shape>;
}

export function veraExpected({ vectors, others = new Map(), base = new Map(), ...sizes }: VeraFile): ExpectedTensors {
  return {
    parameters: vectors,
    others,
    base,
    rules: veraFile(sizes),
    parameterName: veraKind.parameterName,
  };
}

export function readVeraConfig(...args: Parameters<typeof readAdapterConfig>): VeraConfig {
  return readAdapterConfig(...args) as VeraConfig;
}

export function writeVeraConfig(config: VeraConfig): Uint8Array<ArrayBuffer> {
  return writeAdapterConfig(config, VERA_RULES);
}
