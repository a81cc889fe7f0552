// The folder outside the repository that caches installed and built files.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** @returns {string} the path of the cache folder, which may not exist yet */
export function cacheFolder() {
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, 'webvera');
  if (process.platform === 'win32' && process.env.LOCALAPPDATA)
    return join(process.env.LOCALAPPDATA, 'webvera', 'cache');
  return join(homedir(), '.cache', 'webvera');
}
