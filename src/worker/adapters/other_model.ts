import type { AdapterConfig } from '../../adapters/config/adapter_config';
import { WebVeraError } from '../../core/errors/error';
import { shownList } from '../../core/errors/shown_list';

/** The maximum number of module names that a hint lists. */
const SHOWN = 6;
const LONGEST_NAME = 100;

/**
 * Runs `resolve` for an adapter from a file. If the model has none of the adapter's modules, the error's hint lists these modules: the
 * caller didn't choose them, and has probably loaded another base model.
 */
export function forThisModel<R>(config: AdapterConfig, resolve: () => R): R {
  try {
    return resolve();
  } catch (error) {
    if (!(error instanceof WebVeraError) || !('target_modules' in error.detail)) throw error;
    const { target_modules, base_model_name_or_path: base } = config;
    if (target_modules === null) throw error;
    const names =
      typeof target_modules === 'string' ? `that match ${target_modules}` : shownList(target_modules, SHOWN);
    const of = base === null ? 'another model' : base.slice(0, LONGEST_NAME);
    const hint = `The adapter was made for ${of}, with modules ${names}: load it over that model. ${error.hint}`;
    throw new WebVeraError(error.code, error.message, { hint, detail: error.detail, cause: error });
  }
}
