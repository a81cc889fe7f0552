// Reports the results of `probe`, with and without WebGPU.
import { loadLibrary } from '../../../../scripts/page/library.js';

const { probe, Session } = await loadLibrary();
const usual = await probe();
const blind = await Session.open({ worker: () => new Worker('../workers/no_webgpu_worker.js', { type: 'module' }) });
const without = await probe({ session: blind });
await blind.close();
window.report({ usual, without });
