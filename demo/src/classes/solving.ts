import type { Example, HeadFit, VeraModel } from 'webvera';
import type { Numbered, Split } from './class_set';
import type { Kind } from './kind';
import type { Measured } from './learnt';

export function examplesOf<Content>(kind: Kind<Content>, samples: readonly Numbered<Content>[]): Example[] {
  return samples.map(({ content, label }) => kind.example(content, label));
}

/** Solves for an adapter's head. Measures its accuracy on the held-out samples, or by cross-validation if there are none. */
export function solveHead<Content>(
  kind: Kind<Content>,
  vera: VeraModel,
  { train, heldOut }: Split<Content>,
  signal?: AbortSignal,
): Promise<HeadFit> {
  const { max_length } = kind.args;
  return vera.fit_head(examplesOf(kind, train), {
    ...(max_length !== undefined && { max_length }),
    ...(heldOut.length > 0 && { eval_dataset: examplesOf(kind, heldOut) }),
    signal,
  });
}

/** Counts how often a solved head was right for samples that it wasn't solved on; undefined if there were none. */
export function measuredBy({ held_out, cross_validated, examples }: HeadFit): Measured | undefined {
  const inTurn = held_out === null;
  const of = held_out?.examples ?? examples;
  const accuracy = (held_out === null ? cross_validated : held_out.after)?.accuracy ?? null;
  const confusion = (held_out ?? cross_validated)?.confusion ?? null;
  return accuracy === null ? undefined : { right: Math.round(accuracy * of), of, inTurn, confusion };
}
