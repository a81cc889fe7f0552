// The library's worker, on a device with WebGPU's default limits.
import '../lib/default_limits.js';
// @ts-expect-error: a path on the site
import '/dist/worker.js';
