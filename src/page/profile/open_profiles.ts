import { AdaptedModel } from '../adapters/adapted_model';
import { expectModel } from '../models/expect_model';
import { liveHandle, type PreTrainedModel, profilesKey } from '../models/remote_model';
import { expectOwnSession } from '../session/default_session';
import { checkOptions, wrong } from '../session/options';
import { ProfileHost } from './host';
import type { OpenedProfile } from './open';
import { OpenProfile } from './open_profile';
import { type ItemHold, SharedItems } from './shared';
import { ProfileStorage } from './storage/profile_storage';
import { checkId, type ProfileOptions, profileRules } from './types';

/** The open profiles over one base model, by id, and the host of their adapters. */
class OpenProfiles extends SharedItems<OpenProfile> {
  readonly host: ProfileHost;

  constructor(host: ProfileHost) {
    super();
    this.host = host;
  }
}

/** Returns the open profiles over a base model. */
function openProfilesOf(model: PreTrainedModel): OpenProfiles {
  const base = expectModel(model);
  liveHandle(base);
  if (base instanceof AdaptedModel) {
    throw wrong('model', 'a model without adapters', base, 'A profile adds its own adapter: pass the base model.');
  }
  const { kept } = base[profilesKey];
  if (kept instanceof OpenProfiles) return kept;
  const profiles = new OpenProfiles(new ProfileHost(base));
  base[profilesKey].kept = profiles;
  return profiles;
}

/** Shares the open profile `id`, or opens it with `open`. `what`: the name of the calling function, for error messages. */
export async function holdOf(
  what: string,
  base: PreTrainedModel,
  id: string,
  options: ProfileOptions,
  open: (host: ProfileHost, storage: ProfileStorage, options: ProfileOptions) => Promise<OpenedProfile>,
): Promise<ItemHold<OpenProfile>> {
  checkOptions('ProfileOptions', options, profileRules);
  const profiles = openProfilesOf(base);
  const { host } = profiles;
  expectOwnSession(what, host.link, options.session);
  const storage = new ProfileStorage(checkId(id), host.link);
  return profiles.hold(id, () => OpenProfile.open(host, storage, open(host, storage, options)), options.signal);
}
