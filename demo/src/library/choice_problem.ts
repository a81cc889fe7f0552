/** A problem with a visitor's choice, in words for the visitor. */
export class ChoiceProblem extends Error {}
