import { VeraConfig } from '../../../adapters/vera/config/vera_config';
import { oneOf } from '../../session/options';
import type { PageKind } from '../page_kind';

export const VERA_PAGE_KIND: PageKind<VeraConfig> = {
  Config: VeraConfig,
  layerType: 'vera.Linear',
  modelType: 'VeraModel',
  options: { projection_dtype: oneOf('float32', 'float16', 'bfloat16') },
  profile: {
    defaults: { target_modules: 'all-linear', save_projection: false },
    fixed: ['r', 'projection_prng_key'],
  },
};
