/** A problem with what the visitor chose, in words for them. */
export class ChoiceProblem extends Error {}
