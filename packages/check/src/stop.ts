/** Thrown inside a search that has come to a limit, or to what the model does not have. */
export class Stop extends Error {}
