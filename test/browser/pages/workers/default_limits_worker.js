// The library's worker on a device of the default limits.
import '../lib/default_limits.js';
// @ts-expect-error: as the site serves it
import '/dist/worker.js';
