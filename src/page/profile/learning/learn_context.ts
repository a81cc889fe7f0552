import { WebVeraError } from '../../../core/errors/error';
import { withRecord } from '../storage/record';
import type { LearnContext } from './learn_method';
import type { LearningProfile } from './learning_profile';

/** Returns what a run reads of its profile, and the callbacks that store the run's progress and result in it. */
export function contextOf(profile: LearningProfile): LearnContext {
  const { id, host, adapter, state } = profile;
  return {
    id,
    host,
    adapter,
    state,
    progressed: (unfinished) =>
      profile.change((stored) => ({
        state: stored.state,
        unfinished: stored.state.settings.keep_examples ? unfinished : null,
      })),
    async finish(record, better) {
      if (better !== undefined) {
        try {
          await profile.exchange(better, ({ state: { vectors: previous, solved: previous_solved, ...rest } }) => ({
            state: withRecord(
              { ...rest, vectors: previous, previous, previous_solved, solved: record.C !== null },
              record,
            ),
            unfinished: null,
          }));
          return true;
        } catch (error) {
          // The new vectors can't be loaded as an adapter, so the profile doesn't take them.
          if (!(error instanceof WebVeraError) || error.code !== 'invalid_format') throw error;
        }
      }
      const refused = { ...record, taken: false };
      await profile.change((stored) => ({ state: withRecord(stored.state, refused), unfinished: null }));
      return false;
    },
  };
}
