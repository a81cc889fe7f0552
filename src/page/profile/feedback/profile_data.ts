import { isPreferred } from '../../../core/preferences/preference_fields';
import type { SentExample } from '../../../core/types/training';
import {
  bytesIn,
  type Numbered,
  type NumberedExample,
  type SplitExamples,
  sampleFairly,
  split,
} from '../examples/examples';
import type { Changes } from '../storage/profile_storage';
import type { ProfileState } from '../storage/record';
import { type Feedback, isPair, noData, type ProfileData, sampleFeedback, withdrawn } from './feedback';

/** A profile's next state, and those lists of its data that change. */
export interface DataChanges {
  readonly state: ProfileState;
  readonly data: Partial<ProfileData>;
}

/** Adds examples, ratings and preferences. */
export function withAdded(state: ProfileState, data: ProfileData, coming: readonly SentExample[]): DataChanges {
  const { seed, seen, settings } = state;
  const most = settings.max_examples;
  const given = coming.filter(isPreferred);
  const plain = coming.filter((example) => !isPreferred(example));
  const sampled = sampleFeedback(data.feedback, given, { seed, seen: state.feedback.seen, most });
  return {
    state: { ...state, seen: seen + plain.length, feedback: { ...state.feedback, seen: sampled.seen } },
    data: {
      ...(plain.length > 0 && { examples: sampleFairly(data.examples, plain, { seed, seen, most }) }),
      ...(given.length > 0 && { feedback: sampled.feedback }),
    },
  };
}

/** Returns the names of the lists to which these examples are added. */
export function listsOf(coming: readonly SentExample[]): readonly (keyof ProfileData)[] {
  return [...new Set(coming.map((example) => (isPreferred(example) ? 'feedback' : 'examples')))];
}

/** Removes feedback about the same texts as `given`. */
export function withoutFeedback(given: Feedback): (state: ProfileState, data: ProfileData) => DataChanges {
  return (state, data) => ({ state, data: { feedback: withdrawn(data.feedback, given) } });
}

/**
 * Splits examples, preferences and ratings, each kind separately, into those to learn from and those held out. The indices
 * (`learnt_places`, `held_places`) count within each kind.
 */
export function splitData({ examples, feedback }: ProfileData): SplitExamples {
  const preferences = feedback.filter(({ example }) => isPair(example));
  const ratings = feedback.filter(({ example }) => !isPair(example));
  const kinds = [examples, preferences, ratings].map(split);
  return {
    learnt: kinds.flatMap(({ learnt }) => learnt),
    learnt_places: kinds.flatMap(({ learnt_places }) => learnt_places),
    held: kinds.flatMap(({ held }) => held),
    held_places: kinds.flatMap(({ held_places }) => held_places),
  };
}

/** Reduces each list that is longer than `max_examples` to a random sample. Returns only the lists that were reduced. */
export function sampledData({ seed, seen, settings, feedback }: ProfileState, data: ProfileData): Partial<ProfileData> {
  const most = settings.max_examples;
  const examples = sampleFairly(data.examples, [], { seed, seen, most });
  const given = sampleFairly(data.feedback, [], { seed, seen: feedback.seen, most });
  return {
    ...(examples.length < data.examples.length && { examples }),
    ...(given.length < data.feedback.length && { feedback: given }),
  };
}

/**
 * Returns the changes that store the given lists, or that delete all stored ones if `keep_examples` is false. Throws `limit_exceeded` for a
 * list with too many characters.
 */
export function storedChanges({ state, data: { examples, feedback } }: DataChanges): Changes {
  const counted = {
    ...state,
    ...(examples && countedExamples(examples)),
    ...(feedback && countedFeedback(state.feedback.seen, feedback)),
  };
  if (state.settings.keep_examples) {
    return { state: counted, ...(examples && { examples }), ...(feedback && { feedback }) };
  }
  const none = { ...state, ...countedExamples([]), ...countedFeedback(state.feedback.seen, []) };
  // An unfinished run stores examples, too, and features reveal some of their content.
  return { state: none, ...noData, unfinished: null, features: null };
}

/**
 * Recomputes the feedback's counts from the stored feedback: versions of this library without feedback write a state without these counts.
 */
export function recounted(state: ProfileState, feedback: readonly Numbered<Feedback>[]): ProfileState {
  const seen = feedback.reduce((most, { n }) => Math.max(most, n + 1), state.feedback.seen);
  return { ...state, ...countedFeedback(seen, feedback) };
}

/** Returns the numbers of examples, ratings and preferences. */
export function countsIn({ examples, feedback }: ProfileData): Record<'examples' | 'ratings' | 'preferences', number> {
  const preferences = feedback.filter(({ example }) => isPair(example)).length;
  return { examples: examples.length, ratings: feedback.length - preferences, preferences };
}

function countedExamples(stored: readonly NumberedExample[]): Pick<ProfileState, 'example_count' | 'example_bytes'> {
  return { example_count: stored.length, example_bytes: bytesOf(stored) };
}

function countedFeedback(seen: number, stored: readonly Numbered<Feedback>[]): Pick<ProfileState, 'feedback'> {
  const { ratings, preferences } = countsIn({ examples: [], feedback: stored });
  return { feedback: { seen, ratings, preferences, bytes: bytesOf(stored) } };
}

function bytesOf(stored: readonly NumberedExample[]): number {
  return bytesIn(stored.map(({ example }) => example));
}
