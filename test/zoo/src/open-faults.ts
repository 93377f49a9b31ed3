/** Cases that Runlane does not yet run as a bare script does, with the reason. */
export const OPEN_FAULTS: ReadonlyMap<string, string> = new Map();
