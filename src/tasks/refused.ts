import { WebVeraError } from '../core/errors/error';

/** For an argument that means nothing here. */
export function refused(name: string, why: string, hint = ''): WebVeraError {
  return new WebVeraError('invalid_argument', `${name}: expected to be left out, as ${why}`, { hint });
}
