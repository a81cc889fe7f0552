import { formatCount, formatDigits } from '../../page/format';

/** The perplexity on the held-out part after a step: the number of equally likely tokens among which the model chooses. */
export interface Measured {
  readonly step: number;
  readonly choices: number;
}

/** The least share by which a training run must lower the perplexity, so that the page says that the model has learnt. */
const LEAST_GAIN = 0.01;

/** Formats a perplexity: '89', '6.2'. */
export function choicesInWords(choices: number): string {
  return choices >= 20 ? formatCount(choices) : formatDigits(choices);
}

/** Describes a training run in progress by its first and its last measurement. */
export function measuredInWords(first: Measured, last: Measured): string {
  const before = `On the part kept aside it wavers between ${choicesInWords(first.choices)} pieces of words at each step`;
  if (last.step === first.step) return `${before}. Now it learns from the rest.`;
  return `${before.replace('wavers', 'wavered')}. After step ${formatCount(last.step)}: between ${choicesInWords(last.choices)}.`;
}

/** Describes a training run that has ended: its result, and its meaning. */
export function outcomeInWords(before: number, after: number): { readonly headline: string; readonly meaning: string } {
  const [from, to] = [choicesInWords(before), choicesInWords(after)];
  const wavered = `At each piece of a word in the part kept aside it wavered between ${from} choices before, and between ${to} now.`;
  if (after > before * (1 + LEAST_GAIN))
    return {
      headline: 'It fits your text worse than before',
      meaning: `${wavered} It learnt the rest by heart, and nothing of use. More text helps, or a shorter run.`,
    };
  if (after > before * (1 - LEAST_GAIN))
    return { headline: 'It has hardly learnt', meaning: `${wavered} Try a longer run, or more text.` };
  const taken = Math.round(100 * (1 - after / before));
  return {
    headline: `${taken} % of its doubt about your text is gone`,
    meaning: `${wavered} It has taken on how your text sounds, though not what it knows.`,
  };
}
