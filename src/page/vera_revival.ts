import type { ModelParts } from './model';
import type { Place } from './place';
import { Revivable } from './revivable';
import { VeraKeeper } from './vera_keeper';

/** What a VeRA model was about when it was lost. */
export interface VeraStanding {
  readonly active: readonly string[];
  /** Adapters are switched off for the moment. */
  readonly isDisabled: boolean;
}

/** Makes a VeRA model again that was lost during a run, over its base model: with the adapters as the run began with them. */
export class VeraRevival {
  readonly revivable: Revivable;
  readonly keeper: VeraKeeper;

  constructor(base: ModelParts, place: Place, names: readonly string[], standing: () => VeraStanding) {
    const { link, life } = base;
    this.keeper = new VeraKeeper(names, (name) => link.request('keepAdapter', place.handle, name));
    this.revivable = new Revivable(place, async (signal) => {
      if (base.revivable === undefined) throw place.loss;
      await base.revivable.revive(signal);
      const kept = await this.keeper.all();
      const { active, isDisabled } = standing();
      const { model } = await link.request('reviveVera', base.place.handle, kept, active);
      // Disposed of meanwhile, it went with its base.
      if (life.disposed) throw place.loss;
      if (isDisabled) await link.request('enableAdapters', model, false);
      place.move(model);
    });
  }
}
