import { WebVeraError } from '../../../core/errors/error';
import { type Vectors, withRecord } from '../storage/record';
import type { Unfinished } from '../storage/unfinished_run';
import type { LearnRecord } from '../types';
import type { LearningProfile } from './learning_profile';

export function storeProgress(profile: Pick<LearningProfile, 'change'>, unfinished: Unfinished): Promise<void> {
  return profile.change(({ state }) => ({ state, unfinished: state.settings.keep_examples ? unfinished : null }));
}

/**
 * Ends a run: adds `record` to the history, and replaces the current vectors by `better`, if given. Resolves with whether the vectors were
 * replaced.
 */
export async function storeResult(
  profile: LearningProfile,
  record: LearnRecord,
  better: Vectors | undefined,
): Promise<boolean> {
  if (better !== undefined) {
    try {
      await profile.exchange(better, ({ state: { vectors: previous, solved: previous_solved, ...rest } }) => ({
        state: withRecord({ ...rest, vectors: previous, previous, previous_solved, solved: record.C !== null }, record),
        unfinished: null,
      }));
      return true;
    } catch (error) {
      // The new vectors can't be loaded as an adapter, so the profile doesn't take them.
      if (!(error instanceof WebVeraError) || error.code !== 'invalid_format') throw error;
    }
  }
  const refused = { ...record, taken: false };
  await profile.change(({ state }) => ({ state: withRecord(state, refused), unfinished: null }));
  return false;
}
