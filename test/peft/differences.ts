import type { ErrorCode } from '../../src/index';

/** The outcome of a situation: the parts that can be compared between PEFT and webvera. */
export interface Outcome {
  readonly error: string | undefined;
  readonly warnings: readonly string[];
  readonly result: 'no error' | readonly string[] | undefined;
}

/** webvera's outcome of a situation, with its error code. */
export type OwnOutcome = Outcome & { readonly code: ErrorCode | undefined };

const NOT_SAVED =
  'Specified to not save vera_A and vera_B within the state dictionary, instead they will be restored using the PRNG ' +
  'key store in `config.projection_prng_key`. Consider setting `config.save_projection` to `True` to guarantee ' +
  'restoring the checkpoint correctly on all system configurations.';
const DRAWN =
  'Specified to not load vera_A and vera_B from state dictionary. This means we will be relying on PRNG ' +
  'initialisation to restore these projections using `config.projection_prng_key`, which may not be accurate on all ' +
  'system configurations.';
const DIFFERS =
  'vera_A and vera_B differ from what projection_prng_key 0 gives. They are followed; PEFT up to 0.20.0 ignores them in ' +
  'a file, and would give other results.';

const works = (result: OwnOutcome['result'] = 'no error', ...warnings: string[]): OwnOutcome => {
  return { code: undefined, error: undefined, warnings, result };
};
const refused = (code: ErrorCode, error: string): OwnOutcome => ({ code, error, warnings: [], result: undefined });

const LAYERS = 'base_model.model.model.decoder.layers';
const vectors = [0, 1].flatMap((layer) =>
  ['v_proj', 'q_proj'].flatMap((name) =>
    ['b', 'd'].map((vector) => `'${LAYERS}.${layer}.self_attn.${name}.vera_lambda_${vector}.default'`),
  ),
);

/** webvera's outcomes of the situations that PEFT.md lists as differences, by the names in its table. */
export const DIFFERENCES: Readonly<Record<string, OwnOutcome>> = {
  'r is 0': refused('invalid_argument', '`r` should be a positive integer value but the value passed is 0'),
  'second adapter with another projection_prng_key': works(),
  'second adapter with another save_projection': works('no error', NOT_SAVED),
  'second adapter with a higher rank': works(),
  'second adapter with a lower rank: forward': works(),
  'second adapter with a larger layer': works(),
  'second adapter with a layer of larger input': works(),
  'adapter name contained in the prefix vera_lambda_': works(),
  'the only adapter is deleted, then forward': works(),
  'merge_and_unload on RoBERTa for sequence classification': works(),
  'load: a lambda_b is missing': refused(
    'invalid_format',
    `Found missing adapter keys while loading the checkpoint: ['${LAYERS}.0.self_attn.q_proj.vera_lambda_b.default'].`,
  ),
  'load: vera_B is missing': refused(
    'invalid_format',
    'Specified to load vera_A and vera_B from state dictionary however they were not present!',
  ),
  'load: an unknown tensor is there': works(
    ['the same loss'],
    'adapter_model.safetensors: left out what is no part of this adapter, 1 of 11 tensors: base_model.model.nobody',
  ),
  'load: every value of vera_A in the file is doubled': works(['another loss'], DIFFERS),
  'load: vera_A is larger than the base needs': works(['the same loss'], DIFFERS),
  'load: names without the leading base_model.model.': refused(
    'invalid_format',
    `Found missing adapter keys while loading the checkpoint: [${vectors.join(', ')}].`,
  ),
  'load: no adapter_model.safetensors': refused(
    'not_found',
    'Expected adapter_model.safetensors in the given files, but there is no such file',
  ),
  'load_adapter: an adapter of narrow layers second, after one of wide layers, projections saved': works([
    'the same loss',
  ]),
  'load_adapter: an adapter of narrow layers second, after one of wide layers, projections not saved': works(
    ['the same loss'],
    NOT_SAVED,
    DRAWN,
  ),
  "load_adapter: the second file's projections differ from the first's": works(['the same loss'], DIFFERS),
};
