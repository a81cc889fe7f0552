import { WebVeraError } from '../core/error';

/** For an argument that means nothing here. */
export function refused(name: string, why: string, hint = ''): WebVeraError {
  return new WebVeraError('invalid_argument', `${name}: expected to be left out, as ${why}`, { hint });
}
