import { WebVeraError } from '../core/errors/error';

/** Returns the error for an argument that doesn't apply. */
export function refused(name: string, why: string, hint = ''): WebVeraError {
  return new WebVeraError('invalid_argument', `${name}: expected to be left out, as ${why}`, { hint });
}
