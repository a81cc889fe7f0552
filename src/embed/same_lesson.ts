import type { Example } from '../index';
import type { LessonExamples } from './examples_of';

/** Whether two lessons are the same. Files and images are compared by identity, not by their bytes. */
export function isSameLesson(one: LessonExamples, other: LessonExamples): boolean {
  if (one instanceof Blob || other instanceof Blob) return one === other;
  const imageOf = (example: Example | undefined): unknown =>
    example !== undefined && 'image' in example ? example.image : undefined;
  return (
    JSON.stringify(one) === JSON.stringify(other) &&
    one.every((example, index) => imageOf(example) === imageOf(other[index]))
  );
}
