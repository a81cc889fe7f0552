import { ChoiceProblem } from '../library/choice_problem';

export interface ClassOf {
  readonly id: number;
  readonly name: string;
}

/** A message or a picture, with its class. */
export interface Sample<Content> {
  readonly id: number;
  readonly classId: number;
  readonly content: Content;
}

/** All classes and samples. Immutable: each function returns a new set. */
export interface ClassSet<Content> {
  readonly classes: readonly ClassOf[];
  readonly samples: readonly Sample<Content>[];
  /** An id that no class and no sample has had. */
  readonly nextId: number;
}

/** A sample with the name of its class. */
export interface Labelled<Content> {
  readonly label: string;
  readonly content: Content;
}

export const MOST_CLASSES = 20;
/** The most characters of a class' name. */
export const LONGEST_NAME = 40;

/** Makes a set of classes that have no samples yet. */
export function emptySet<Content>(names: readonly string[]): ClassSet<Content> {
  return names.reduce<ClassSet<Content>>(addClass, { classes: [], samples: [], nextId: 0 });
}

export function addClass<Content>(set: ClassSet<Content>, name: string): ClassSet<Content> {
  if (set.classes.length >= MOST_CLASSES) throw new ChoiceProblem(`There can be ${MOST_CLASSES} classes at most.`);
  const added = { id: set.nextId, name: name.slice(0, LONGEST_NAME) };
  return { ...set, classes: [...set.classes, added], nextId: set.nextId + 1 };
}

/** Returns 'Class 3' for a third class, or else the next free name of this form. */
export function freeClassName({ classes }: ClassSet<unknown>): string {
  let number = classes.length + 1;
  while (classes.some(({ name }) => name.trim() === `Class ${number}`)) number++;
  return `Class ${number}`;
}

export function renameClass<Content>(set: ClassSet<Content>, id: number, name: string): ClassSet<Content> {
  return { ...set, classes: set.classes.map((one) => (one.id === id ? { id, name } : one)) };
}

/** Removes a class with its samples. */
export function removeClass<Content>(set: ClassSet<Content>, id: number): ClassSet<Content> {
  const classes = set.classes.filter((one) => one.id !== id);
  return { ...set, classes, samples: set.samples.filter(({ classId }) => classId !== id) };
}

/**
 * Adds samples to a class. A sample that the set already has moves to this class under its id, by which learning knows that it was learnt.
 */
export function addSamples<Content>(
  set: ClassSet<Content>,
  classId: number | undefined,
  contents: readonly Content[],
): ClassSet<Content> {
  if (contents.length === 0) return set;
  if (classId === undefined || !set.classes.some(({ id }) => id === classId)) {
    throw new ChoiceProblem('Add a class first, and choose it.');
  }
  const fresh = new Set(contents);
  const others = set.samples.filter(({ content }) => !fresh.has(content));
  const ids = new Map(set.samples.map(({ id, content }) => [content, id]));
  const added = [...fresh].map((content, index) => ({ id: ids.get(content) ?? set.nextId + index, classId, content }));
  return { ...set, samples: [...others, ...added], nextId: set.nextId + fresh.size };
}

/** Adds samples to the classes that they name, and creates missing classes. If the set has no samples, its classes are removed first. */
export function addLabelled<Content>(
  set: ClassSet<Content>,
  labelled: readonly Labelled<Content>[],
): ClassSet<Content> {
  let next = set.samples.length === 0 && labelled.length > 0 ? { ...set, classes: [] } : set;
  const nameOf = ({ label }: Labelled<Content>): string => label.trim().slice(0, LONGEST_NAME).trim();
  for (const name of new Set(labelled.map(nameOf))) {
    const isOne = (one: ClassOf): boolean => one.name.trim() === name;
    if (!next.classes.some(isOne)) next = addClass(next, name);
    const id = next.classes.find(isOne)?.id;
    const contents = labelled.filter((one) => nameOf(one) === name).map(({ content }) => content);
    next = addSamples(next, id, contents);
  }
  return next;
}

export function moveSample<Content>(set: ClassSet<Content>, id: number, classId: number): ClassSet<Content> {
  return { ...set, samples: set.samples.map((sample) => (sample.id === id ? { ...sample, classId } : sample)) };
}

export function removeSample<Content>(set: ClassSet<Content>, id: number): ClassSet<Content> {
  return { ...set, samples: set.samples.filter((sample) => sample.id !== id) };
}

export function samplesOf<Content>({ samples }: ClassSet<Content>, id: number): readonly Sample<Content>[] {
  return samples.filter(({ classId }) => classId === id);
}

/** Explains what is wrong with a class' name; '' if the name is valid. */
export function nameProblem({ classes }: ClassSet<unknown>, id: number): string {
  const name = classes.find((one) => one.id === id)?.name.trim() ?? '';
  if (name === '') return 'A class needs a name.';
  const isTwice = classes.some((one) => one.id !== id && one.name.trim() === name);
  return isTwice ? 'Two classes have this name.' : '';
}

/** Explains what is wrong with the first invalid name of a class; '' if all names are valid. */
export function namesProblem(set: ClassSet<unknown>): string {
  return set.classes.map(({ id }) => nameProblem(set, id)).find((problem) => problem !== '') ?? '';
}

/** Explains why a model can't learn from these samples yet; '' if it can. `things`: the word for samples, such as 'messages'. */
export function missingIn(set: ClassSet<unknown>, things: string): string {
  if (set.samples.length === 0) return `Add some ${things} first.`;
  if (set.classes.length < 2) return 'It takes two classes at least.';
  const wrongName = namesProblem(set);
  if (wrongName !== '') return wrongName;
  const empty = set.classes.find(({ id }) => samplesOf(set, id).length === 0);
  return empty === undefined ? '' : `There are no ${things} in “${empty.name.trim()}” yet.`;
}

/** The names of the classes, as a model learns them. */
export function labelsOf({ classes }: ClassSet<unknown>): string[] {
  return classes.map(({ name }) => name.trim());
}

/** A sample to learn from. `label`: the index of its class. */
export interface Numbered<Content> {
  readonly id: number;
  readonly content: Content;
  readonly label: number;
}

/** Samples to learn from, and held-out samples to measure accuracy on. */
export interface Split<Content> {
  readonly train: readonly Numbered<Content>[];
  readonly heldOut: readonly Numbered<Content>[];
}

/** Returns all samples with their classes' indices, in the order in which the samples were added. */
export function numbered<Content>({ classes, samples }: ClassSet<Content>): Numbered<Content>[] {
  const places = new Map(classes.map(({ id }, place) => [id, place]));
  return samples
    .toSorted((a, b) => a.id - b.id)
    .map(({ id, classId, content }) => ({ id, content, label: places.get(classId) ?? 0 }));
}

/** Splits the samples: those with ids in `trained`, on which the vectors were trained, and the others, which are held out. */
export function splitSamples<Content>(set: ClassSet<Content>, trained: readonly number[]): Split<Content> {
  const known = new Set(trained);
  const all = numbered(set);
  return { train: all.filter(({ id }) => known.has(id)), heldOut: all.filter(({ id }) => !known.has(id)) };
}
