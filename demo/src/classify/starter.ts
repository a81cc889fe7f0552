import type { Labelled } from '../classes/class_set';

/** Sentences in the style of the bundled model's training texts, twelve for each label. */
const sentences: Readonly<Record<string, readonly string[]>> = {
  novel: [
    'She had never seen him look so agreeable as he did that evening.',
    'My dear girl, you must not think of leaving us so soon.',
    'He bowed, coloured a little, and said he hoped her father was well.',
    'Her mother could talk of nothing but the ball for a week.',
    'They walked together towards the house without speaking.',
    'I was quite astonished to find him in the parlour.',
    'Her sister blushed, and wished the subject might be dropped.',
    'There was not a happier family in all the county.',
    '“You are too good,” she cried, and gave him her hand.',
    'He had a large fortune, and no wife to spend it.',
    'The letter was read aloud twice before dinner.',
    'She could not but smile at so handsome an apology.',
  ],
  speech: [
    'The revenue of the last fiscal year exceeded our expenditures.',
    'Congress is asked to make suitable provision for the army and navy.',
    'I recommend the passage of a law to protect our citizens abroad.',
    'The treaty has been submitted to the Senate for its approval.',
    'Our relations with foreign powers continue to be friendly.',
    'The public debt has been reduced by more than forty millions.',
    'The Secretary of the Treasury reports a surplus for the year.',
    'It is the duty of this Government to maintain the peace.',
    'The attention of Congress is again invited to this subject.',
    'Commerce with the islands has increased under the new tariff.',
    'The laws of the United States must be faithfully executed.',
    'An appropriation is needed to complete the public buildings.',
  ],
  dictionary: [
    'A small vessel for holding liquids.',
    'The act of moving from one place to another.',
    'Of or pertaining to the sea.',
    'To strike with a heavy blow.',
    'A kind of bird with a long bill.',
    'One who makes or sells hats.',
    'The quality of being hard or dense.',
    'To cover with a thin layer of metal.',
    'In a slow and careful manner.',
    'A plant having yellow flowers, used in medicine.',
    'Without limit; having no end.',
    'The state of being alone.',
  ],
};

/** Example messages. */
export const starterMessages: readonly Labelled<string>[] = Object.entries(sentences).flatMap(([label, contents]) =>
  contents.map((content) => ({ label, content })),
);
