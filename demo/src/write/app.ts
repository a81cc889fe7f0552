import type { Sessions } from '../library/sessions';
import type { Banner } from '../page/banner';
import type { Confirm } from '../page/confirm';
import type { Store } from '../page/store';
import type { AdapterRack } from './adapters/adapter_rack';
import type { AppState } from './state';

/** The state that all cards of the page share. */
export interface App {
  readonly store: Store<AppState>;
  readonly sessions: Sessions;
  readonly rack: AdapterRack;
  readonly banner: Banner;
  readonly confirm: Confirm;
  /** Releases the model with its adapters. */
  readonly dropModel: () => void;
}
