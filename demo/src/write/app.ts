import type { Sessions } from '../library/sessions';
import type { Banner } from '../page/banner';
import type { Confirm } from '../page/confirm';
import type { Store } from '../page/store';
import type { Models } from './model/models';
import type { Rack } from './rack';
import type { AppState } from './state';

/** The state that all parts of the page share. */
export interface App {
  readonly store: Store<AppState>;
  readonly sessions: Sessions;
  readonly models: Models;
  readonly rack: Rack;
  readonly banner: Banner;
  readonly confirm: Confirm;
}
