import type { LabelScore } from 'webvera';
import { formatShare } from '../../page/format';

/** The least probability at which a class counts as sure. */
const SURE = 0.6;

/** Describes the likeliest class: 'spam, 97 % sure', or 'Not sure. Perhaps spam: 40 %'. */
export function toldInWords(scores: readonly LabelScore[]): string {
  const best = scores.reduce((one, other) => (other.score > one.score ? other : one));
  const { label, score } = best;
  return score < SURE ? `Not sure. Perhaps ${label}: ${formatShare(score)}` : `${label}, ${formatShare(score)} sure`;
}
