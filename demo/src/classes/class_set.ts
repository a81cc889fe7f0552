import { ChoiceProblem } from '../library/choice_problem';

export interface ClassOf {
  readonly id: number;
  readonly name: string;
}

/** A message or a picture, and the class that the visitor has put it into. */
export interface Sample<Content> {
  readonly id: number;
  readonly classId: number;
  readonly content: Content;
}

/** What there is to learn from. Never changed: each function gives another. */
export interface ClassSet<Content> {
  readonly classes: readonly ClassOf[];
  readonly samples: readonly Sample<Content>[];
  /** No class and no sample has had it yet. */
  readonly nextId: number;
}

/** A sample that names its class. */
export interface Labelled<Content> {
  readonly label: string;
  readonly content: Content;
}

export const MOST_CLASSES = 20;
/** Characters of a class' name. */
export const LONGEST_NAME = 40;
/** Of so many samples of a class, one is held out. */
const HELD_OUT = 5;

/** Without samples, as a page begins. */
export function emptySet<Content>(names: readonly string[]): ClassSet<Content> {
  return names.reduce<ClassSet<Content>>(addClass, { classes: [], samples: [], nextId: 0 });
}

export function addClass<Content>(set: ClassSet<Content>, name: string): ClassSet<Content> {
  if (set.classes.length >= MOST_CLASSES) throw new ChoiceProblem(`There can be ${MOST_CLASSES} classes at most.`);
  const added = { id: set.nextId, name: name.slice(0, LONGEST_NAME) };
  return { ...set, classes: [...set.classes, added], nextId: set.nextId + 1 };
}

/** The first of 'Class 1', 'Class 2' … that isn't taken. */
export function freeClassName({ classes }: ClassSet<unknown>): string {
  let number = classes.length + 1;
  while (classes.some(({ name }) => name.trim() === `Class ${number}`)) number++;
  return `Class ${number}`;
}

export function renameClass<Content>(set: ClassSet<Content>, id: number, name: string): ClassSet<Content> {
  return { ...set, classes: set.classes.map((one) => (one.id === id ? { id, name } : one)) };
}

/** With its samples. */
export function removeClass<Content>(set: ClassSet<Content>, id: number): ClassSet<Content> {
  const classes = set.classes.filter((one) => one.id !== id);
  return { ...set, classes, samples: set.samples.filter(({ classId }) => classId !== id) };
}

/** Adds samples to a class. What is there already, in whichever class, moves to this one. */
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
  const added = [...fresh].map((content, index) => ({ id: set.nextId + index, classId, content }));
  return { ...set, samples: [...others, ...added], nextId: set.nextId + fresh.size };
}

/** Adds samples to the classes that they name, and makes those that aren't there. Classes without a sample so far give way. */
export function addLabelled<Content>(
  set: ClassSet<Content>,
  labelled: readonly Labelled<Content>[],
): ClassSet<Content> {
  let next = set.samples.length === 0 && labelled.length > 0 ? { ...set, classes: [] } : set;
  const nameOf = ({ label }: Labelled<Content>): string => label.trim().slice(0, LONGEST_NAME);
  for (const name of new Set(labelled.map(nameOf))) {
    const isOne = (one: ClassOf): boolean => one.name.trim() === name;
    if (!next.classes.some(isOne)) next = addClass(next, name);
    const id = next.classes.find(isOne)?.id ?? 0;
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

/** What is wrong with a class' name, in words; '' where nothing is. */
export function nameProblem({ classes }: ClassSet<unknown>, id: number): string {
  const name = classes.find((one) => one.id === id)?.name.trim() ?? '';
  if (name === '') return 'A class needs a name.';
  const isTwice = classes.some((one) => one.id !== id && one.name.trim() === name);
  return isTwice ? 'Two classes have this name.' : '';
}

/** What is missing before it can be learnt from, in words; '' where nothing is. `things`: 'messages'. */
export function missingIn(set: ClassSet<unknown>, things: string): string {
  if (set.samples.length === 0) return `Add some ${things} first.`;
  if (set.classes.length < 2) return 'It takes two classes at least.';
  const unnamed = set.classes.map(({ id }) => nameProblem(set, id)).find((problem) => problem !== '');
  if (unnamed !== undefined) return unnamed;
  const empty = set.classes.find(({ id }) => samplesOf(set, id).length === 0);
  return empty === undefined ? '' : `There are no ${things} in “${empty.name.trim()}” yet.`;
}

/** One that a run learns from or is measured on: `label` is its class' place. */
export interface Numbered<Content> {
  readonly content: Content;
  readonly label: number;
}

/** Every fifth sample of each class is held out, where there are five of each. */
export function splitSamples<Content>(set: ClassSet<Content>): {
  readonly train: readonly Numbered<Content>[];
  readonly heldOut: readonly Numbered<Content>[];
} {
  const groups = set.classes.map(({ id }, label) =>
    samplesOf(set, id).map(({ content }, place) => ({ content, label, place })),
  );
  const isEnough = groups.every((group) => group.length >= HELD_OUT);
  const isHeldOut = ({ place }: { place: number }): boolean => isEnough && place % HELD_OUT === HELD_OUT - 1;
  const all = groups.flat();
  return { train: all.filter((sample) => !isHeldOut(sample)), heldOut: all.filter(isHeldOut) };
}
