/** The oldest Node that the program runs on; `engines` of the package says the same. */
const OLDEST = { major: 22, minor: 12 };

/** What is wrong with a version of Node, such as `20.20.2`; null when the program runs on it. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return null;
  return `This is Node ${version}, and the command line needs ${OLDEST.major}.${OLDEST.minor} or newer. Install a newer one, or use the image.`;
}
