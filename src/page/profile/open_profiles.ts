import { AdaptedModel } from '../adapters/adapted_model';
import { expectModel, liveHandle, type PreTrainedModel, profilesKey } from '../models/remote_model';
import { wrong } from '../session/options';
import { ProfileHost } from './host';
import type { OpenProfile } from './open_profile';
import { SharedItems } from './shared';

/** The open profiles over one base model, by id, with their host. */
class OpenProfiles extends SharedItems<OpenProfile> {
  readonly host: ProfileHost;

  constructor(host: ProfileHost) {
    super();
    this.host = host;
  }
}

/** The open profiles over a base model. */
export function openProfilesOf(model: PreTrainedModel): OpenProfiles {
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
