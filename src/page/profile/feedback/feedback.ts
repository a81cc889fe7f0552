import { wrong } from '../../../core/errors/wrong';
import type { PreferenceExample, RatedExample, TextOrMessages } from '../../../core/preferences/preference';
import { isPreferred } from '../../../core/preferences/preference_fields';
import type { ChatMessage } from '../../../core/types/chat';
import { exampleFields } from '../../../core/types/example';
import type { SentExample } from '../../../core/types/training';
import { type Numbered, type NumberedExample, type Reservoir, sampleFairly } from '../examples/examples';

/** A rating or a preference. */
export type Feedback = RatedExample | PreferenceExample;

/** The numbers of a profile's ratings and preferences. */
export interface FeedbackCounts {
  /** The number of ratings and preferences ever given, without those that replaced another one. */
  readonly seen: number;
  readonly ratings: number;
  readonly preferences: number;
  /** The size of all ratings and preferences in files, in bytes. */
  readonly bytes: number;
}

export const noFeedback: FeedbackCounts = { seen: 0, ratings: 0, preferences: 0, bytes: 0 };

/** Everything that a profile learns from. Ratings and preferences are sampled separately, so that many of them don't displace examples. */
export interface ProfileData {
  readonly examples: readonly NumberedExample[];
  readonly feedback: readonly Numbered<Feedback>[];
}

export const noData: ProfileData = { examples: [], feedback: [] };

export function isPair(example: SentExample): example is PreferenceExample {
  return 'chosen' in example;
}

/** Returns the fields of a rating or a preference, as `exampleFields` copies them. Throws `invalid_argument` for any other value. */
export function feedbackFields(where: string, value: unknown): Feedback {
  const example = exampleFields(where, value);
  if (isPreferred(example)) return example;
  throw wrong(where, '{ prompt, completion, label } or { prompt, chosen, rejected }', value);
}

/**
 * Throws `invalid_argument` for feedback about an empty text, from which a model could only learn to stop, and for a preference between
 * equal texts.
 */
export function expectText(where: string, feedback: Feedback): void {
  const texts = isPair(feedback)
    ? { chosen: feedback.chosen, rejected: feedback.rejected }
    : { completion: feedback.completion };
  for (const [name, text] of Object.entries(texts)) {
    if (isBlank(text)) throw wrong(`${where}: ${name}`, 'a text that is not empty', text, EMPTY);
  }
  if (!isPair(feedback) || !isSame(feedback.chosen, feedback.rejected)) return;
  throw wrong(`${where}: rejected`, 'another text than chosen', feedback.rejected, 'One text is rated: profile.rate.');
}

const EMPTY = 'An empty text has no words that could be learnt, or avoided.';

function isBlank(text: TextOrMessages): boolean {
  const parts = typeof text === 'string' ? [text] : text.map(({ content }) => content);
  return parts.every((part) => part.trim() === '');
}

function isSame(one: TextOrMessages, other: TextOrMessages): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Returns a key for the texts that feedback is about. Later feedback with the same key replaces earlier feedback. */
function subjectOf(feedback: Feedback): string {
  if (!isPair(feedback)) return JSON.stringify([feedback.prompt, feedback.completion]);
  const pair = [feedback.chosen, feedback.rejected].map((text) => JSON.stringify(text)).sort();
  return JSON.stringify([feedback.prompt, ...pair]);
}

/**
 * Adds ratings and preferences to the stored ones, as `sampleFairly` does. New feedback replaces earlier feedback about the same texts,
 * because the person has changed their mind. `seen`: the number of ratings and preferences ever given, without those that replaced another
 * one.
 */
export function sampleFeedback(
  stored: readonly Numbered<Feedback>[],
  coming: readonly Feedback[],
  reservoir: Reservoir,
): { readonly feedback: Numbered<Feedback>[]; readonly seen: number } {
  const latest = new Map(coming.map((feedback) => [subjectOf(feedback), feedback]));
  const known = new Set(stored.map(({ example }) => subjectOf(example)));
  const replaced = stored.map(({ n, example }) => ({ n, example: latest.get(subjectOf(example)) ?? example }));
  const fresh = [...latest].filter(([subject]) => !known.has(subject)).map(([, feedback]) => feedback);
  return { feedback: sampleFairly(replaced, fresh, reservoir), seen: reservoir.seen + fresh.length };
}

/** Drops each rating and preference that a later one about the same texts replaces. */
export function latestOf(given: readonly Numbered<Feedback>[]): Numbered<Feedback>[] {
  return [...new Map(given.map((one) => [subjectOf(one.example), one])).values()];
}

/** Returns the stored ratings and preferences without those about the same texts as `given`. */
export function withdrawn(stored: readonly Numbered<Feedback>[], given: Feedback): Numbered<Feedback>[] {
  const subject = subjectOf(given);
  return stored.filter(({ example }) => subjectOf(example) !== subject);
}

/** Makes an example of the text that a person rated or chose. */
export function approved(feedback: Feedback): SentExample {
  return likelyExample(feedback.prompt, isPair(feedback) ? feedback.chosen : feedback.completion);
}

/** Makes an example from which a model learns to write a text after a prompt. */
export function likelyExample(prompt: TextOrMessages, completion: TextOrMessages): SentExample {
  if (typeof prompt === 'string' && typeof completion === 'string') return { prompt, completion };
  return { messages: [...messagesOf(prompt, 'user'), ...messagesOf(completion, 'assistant')] };
}

function messagesOf(text: TextOrMessages, role: ChatMessage['role']): readonly ChatMessage[] {
  return typeof text === 'string' ? [{ role, content: text }] : text;
}
