// Runs a comparison in a page, in one thread, so that the meter sees all devices.
import { loadNodeLibrary } from '../../scripts/page/library.js';
import { stepOfBuild } from '../peers/build_step.mjs';
import { compare, compareKinds } from './compare.mjs';

/**
 * @param {'peer' | 'kinds' | 'build'} rival
 * @returns {Promise<import('../peers/problem.mjs').CreateStep>}
 */
async function loadRival(rival) {
  if (rival === 'build') return stepOfBuild('/build/node.js');
  const url = '/peer.js';
  const peer = await import(url);
  return rival === 'kinds' ? peer.createLoraStep : peer.createStep;
}

window.compareSteps = async ({ rival, ...job }) => {
  const [library, createStep] = await Promise.all([loadNodeLibrary(), loadRival(rival)]);
  const { cpuSeconds, onRound } = window;
  const run = rival === 'kinds' ? compareKinds : compare;
  return run(library, navigator.gpu, createStep, { ...job, cpuSeconds, onRound });
};
