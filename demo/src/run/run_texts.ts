import { WebVeraError } from 'webvera';
import type { Trouble } from '../library/sessions';
import type { TrainingPhase } from './training';

const phaseTexts: Readonly<Record<Exclude<TrainingPhase, 'idle' | 'preparing'>, string>> = {
  running: 'Training. You can keep using other tabs.',
  pausing: 'Finishing the steps that have begun…',
  paused: 'Paused. Nothing is lost.',
  stopping: 'Finishing…',
};

const troubleTexts: Readonly<Record<Trouble, string>> = {
  recovering: 'Something broke off. The model is loaded again, and the run goes on by itself…',
  blocked: 'The browser holds the graphics card back for now. The run goes on by itself in a minute or two…',
};

/** Describes the state of a training run; '' if there is none. `preparing`: the text before the first step. */
export function runText(phase: TrainingPhase, trouble: Trouble | undefined, preparing: string): string {
  if (trouble !== undefined) return troubleTexts[trouble];
  if (phase === 'idle') return '';
  return phase === 'preparing' ? preparing : phaseTexts[phase];
}

/** Whether the GPU or the worker was lost. */
export function isLost(error: unknown): boolean {
  const lost = ['device_lost', 'worker_crashed', 'gpu_blocked', 'unsupported_device'];
  return error instanceof WebVeraError && lost.includes(error.code);
}
