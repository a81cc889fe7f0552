import { AdaptedModel } from '../adapters/adapted_model';
import { expectModel, liveHandle, type PreTrainedModel, profilesKey } from '../models/model';
import { wrong } from '../session/options';
import { ProfileHost } from './host';
import type { OpenProfile } from './open_profile';
import { Shared } from './shared';

/** The profiles over one base model that are open, by id, and what they share. */
class OpenProfiles extends Shared<OpenProfile> {
  readonly host: ProfileHost;

  constructor(host: ProfileHost) {
    super();
    this.host = host;
  }
}

/** Those of a base model. */
export function openProfilesOf(model: PreTrainedModel): OpenProfiles {
  const base = expectModel(model);
  liveHandle(base);
  if (base instanceof AdaptedModel) {
    throw wrong('model', 'a model without adapters', base, 'A profile puts its own over the base model: pass that.');
  }
  const { kept } = base[profilesKey];
  if (kept instanceof OpenProfiles) return kept;
  const profiles = new OpenProfiles(new ProfileHost(base));
  base[profilesKey].kept = profiles;
  return profiles;
}
