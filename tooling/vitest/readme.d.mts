/** What the first `js` block of a README printed line by line, and what its comments `//> …` promise. */
export declare function runReadmeExample(
  readme: string,
  packages: Readonly<Record<string, object>>,
): { printed: string[]; promised: string[] }
