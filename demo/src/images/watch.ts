import type { Telling } from '../classes/telling/telling';

/**
 * Classifies the camera's frames, one after the other, while `isOpen` returns true. After a failed prediction, pauses until another
 * caller's prediction succeeds, for example after the visitor's next change.
 */
export async function watchFrames(
  isOpen: () => boolean,
  telling: Pick<Telling<unknown>, 'tell' | 'hasFailed'>,
): Promise<void> {
  while (isOpen()) {
    await new Promise(requestAnimationFrame);
    if (isOpen() && !telling.hasFailed) await telling.tell();
  }
}
