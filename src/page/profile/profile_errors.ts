import { WebVeraError } from '../../core/errors/error';

export function learningElsewhere(id: string): WebVeraError {
  return new WebVeraError('locked_by_other_tab', `Profile '${id}' is learning in another tab or run`, {
    retryable: true,
    hint: 'Wait until it ends, or stop it there.',
  });
}

export function closed(id: string, cause?: unknown): WebVeraError {
  return new WebVeraError('invalid_argument', `Expected an open profile, got '${id}', which is closed`, {
    hint: 'It was disposed of or forgotten, or its session ended. Profile.open opens it again.',
    cause,
  });
}

export function noWayBack(id: string): WebVeraError {
  return new WebVeraError('invalid_argument', `rollback: profile '${id}' has no older vectors to return to`, {
    hint: 'rollback() works once after a learn() that replaced the vectors. info.can_roll_back says whether it can.',
  });
}

export function learningAlready(id: string): WebVeraError {
  return new WebVeraError('invalid_argument', `Profile '${id}' is learning already`, {
    hint: 'The run is profile.learning: wait for it, or stop it.',
  });
}

export function noExamples(id: string): WebVeraError {
  return new WebVeraError('invalid_argument', `learn: profile '${id}' has no examples to learn from`, {
    hint: 'Add some first: await profile.add([{ text }]), or [{ text, label }] for a classifier.',
  });
}
