// The comparison in a page: everything in one thread, where the meter sees all devices.
import { loadNodeLibrary } from '../../scripts/page/library.js';
import { compare } from './compare_run.mjs';

/** @returns {Promise<{ createStep: import('./compare_run.mjs').CreateStep }>} */
function loadPeer() {
  const url = '/peer.js';
  return import(url);
}

window.compareSteps = async (job) => {
  const [library, { createStep }] = await Promise.all([loadNodeLibrary(), loadPeer()]);
  const { cpuSeconds, onRound } = window;
  return compare(library, navigator.gpu, createStep, { ...job, cpuSeconds, onRound });
};
