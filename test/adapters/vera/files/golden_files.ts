import { readFileSync } from 'node:fs';
import type { ExpectedTensors } from '../../../../src/adapters/files/adapter_tensors';
import { parameterShapes } from '../../../../src/adapters/pool/pool_layout';
import { layoutVectors } from '../../../../src/adapters/vera/vera_layout';
import { veraExpected } from './vera_expected';

interface Case {
  readonly base: string;
  readonly vera_config: { readonly r: number; readonly projection_prng_key: number };
  readonly wrapped_modules: readonly {
    readonly name: string;
    readonly in_features: number;
    readonly out_features: number;
  }[];
  readonly projection_shapes: {
    readonly vera_A: readonly [number, number];
    readonly vera_B: readonly [number, number];
  };
  readonly trainable: Readonly<Record<string, readonly number[]>>;
  readonly saved_keys: Readonly<Record<string, readonly number[]>>;
}

export const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(`test/golden/cases/${path}`));
export const caseOf = (name: string): Case => JSON.parse(readFileSync(`test/golden/cases/${name}/case.json`, 'utf8'));

export function expectedOf(name: string, save_projection: boolean): ExpectedTensors {
  const { vera_config, wrapped_modules, projection_shapes } = caseOf(name);
  return veraExpected({
    save_projection,
    r: vera_config.r,
    max_in: projection_shapes.vera_A[1],
    max_out: projection_shapes.vera_B[0],
    vectors: parameterShapes(layoutVectors(wrapped_modules, vera_config.r)),
  });
}
